-- name: claim_window
SELECT count(*) AS days, coalesce(sum(count), 0) AS total
FROM out_daily
WHERE city = $city AND geography = 'city' AND outcome = $outcome AND unit = $unit AND date_basis = $date_basis
  AND date BETWEEN $first_day AND $last_day

-- name: claim_year
SELECT count(*) AS months, coalesce(sum(count), 0) AS total
FROM out_monthly
WHERE city = $city AND geography = 'city' AND outcome = $outcome AND unit = $unit AND month_basis = $month_basis
  AND year(month) = $year

-- name: claim_summary
SELECT rate_ratio, lower_95, upper_95, prediction_lower_95, prediction_upper_95, results
FROM out_evidence_summary
WHERE summary = $summary AND status = 'summarized'

-- name: claim_estimate
SELECT verdict, rate_ratio, lower_95, upper_95, status
FROM out_estimate
WHERE estimate_id = $estimate

-- name: claim_ranks
SELECT area, rank() OVER (ORDER BY sum(count) DESC) AS place, sum(count) AS total
FROM out_monthly
WHERE city = $city AND geography = $geography AND outcome = $outcome AND unit = $unit AND month_basis = $month_basis
  AND month BETWEEN $first_month AND $last_month
GROUP BY area
ORDER BY place, area

-- name: local_estimates
-- Headline estimates of real programs with a proper interval.
SELECT estimate_id, program, outcome, rate_ratio, lower_95, upper_95
FROM out_estimate
WHERE role = 'headline' AND status = 'estimated' AND NOT simulated
  AND rate_ratio > 0 AND lower_95 > 0 AND upper_95 > lower_95
ORDER BY estimate_id

-- name: replication_counts
SELECT area, year(month)::INTEGER AS year, sum(count)::DOUBLE AS victims
FROM out_monthly
WHERE city = $city AND geography = 'precinct' AND outcome = 'gunshot' AND unit = 'victims'
  AND month_basis = 'occurred' AND year(month) <= $last
GROUP BY area, year(month)
ORDER BY area, year(month)

-- name: replication_estimates
-- Our own estimate on the same data: the headline, then the readings of the doubtful starts.
SELECT catchment, role = 'headline' AS headline, rate_ratio, lower_95, upper_95
FROM out_estimate
WHERE (estimate_id = $base OR (role = 'reading' AND starts_with(estimate_id, $base || '/')
       AND catchment <> (SELECT any_value(catchment) FROM out_estimate WHERE estimate_id = $base)))
  AND status = 'estimated'
ORDER BY role, catchment
