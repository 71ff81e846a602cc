-- name: averted_estimates
-- Headline estimates of shootings with a count of shootings averted.
SELECT estimate_id, phase, unit, expected, averted, averted_lower_95, averted_upper_95
FROM out_estimate
WHERE program = $program AND role = 'headline' AND status = 'estimated' AND outcome = 'gunshot'
  AND analysis IN ('gunshot_incidents_' || phase, 'gunshot_victims_' || phase)
  AND averted IS NOT NULL AND averted_lower_95 IS NOT NULL AND averted_upper_95 IS NOT NULL
ORDER BY estimate_id

-- name: payments_in_phase
-- Payments for work that began in the phase, or, from the providers' records, payments made in its months.
SELECT coalesce(
  (SELECT sum(funding.amount_usd) FROM core_funding AS funding
   WHERE funding.program = phase.program AND funding.kind = 'payment'
     AND date_trunc('month', coalesce(funding.period_start, funding.date)) >= phase.first_month
     AND (phase.last_month IS NULL
          OR date_trunc('month', coalesce(funding.period_start, funding.date)) <= phase.last_month)),
  (SELECT nullif(sum(paid_usd), 0) FROM out_provider AS provider
   WHERE provider.program = phase.program AND provider.month >= phase.first_month
     AND (phase.last_month IS NULL OR provider.month <= phase.last_month))
) AS amount_usd
FROM core_phase AS phase
WHERE phase.program = $program AND phase.phase = $phase

-- name: logged_work
-- What was paid and what was logged, over the whole of the logs. Counts of people's matters are protected: rounded to 5,
-- small months empty, so they are what may be shown, not all there was.
SELECT (SELECT sum(paid_usd) FROM out_provider WHERE program = $program) AS paid_usd,
       (SELECT sum(hours) FROM out_shift WHERE program = $program) AS hours,
       (SELECT sum(n) FROM out_activity WHERE program = $program AND geography = 'city' AND period_kind = 'month'
          AND measure = 'activities' AND attribute = 'kind' AND attribute_value = 'mediation') AS mediations,
       (SELECT sum(n) FROM out_request WHERE program = $program AND geography = 'city' AND period_kind = 'quarter'
          AND measure = 'requests' AND attribute = 'outcome' AND attribute_value = 'responded') AS responded,
       (SELECT sum(n) FROM out_request WHERE program = $program AND geography = 'city' AND period_kind = 'year'
          AND measure = 'answered_calls_911' AND attribute = 'all') AS calls,
       -- Only payments of the years whose calls may be shown.
       (SELECT sum(paid_usd) FROM out_provider WHERE program = $program AND year(month) IN (
          SELECT year(period) FROM out_request WHERE program = $program AND geography = 'city' AND period_kind = 'year'
            AND measure = 'answered_calls_911' AND attribute = 'all' AND n IS NOT NULL)) AS calls_paid_usd

-- name: recent_months
-- Incidents by month of the headline service areas over the last months of the series.
SELECT monthly.month, sum(monthly.count) AS incidents
FROM out_monthly AS monthly
JOIN core_catchment AS catchment
  ON catchment.geography = monthly.geography AND catchment.area = monthly.area
WHERE catchment.program = $program AND catchment.reading = $reading AND monthly.city = $city
  AND monthly.outcome = 'gunshot' AND monthly.unit = 'incidents' AND monthly.month_basis = 'occurred'
GROUP BY monthly.month
ORDER BY monthly.month DESC
LIMIT 24

-- name: hours_of_week
SELECT weekday, hour, count
FROM out_weekday_hour
WHERE city = $city AND outcome = 'gunshot' AND unit = $unit

-- name: ward_split
-- Gunshot incidents and hours by ward over the quarters whose hours may be shown; without a log over the last twelve
-- months that hot spots are shown for. Payments of the same months.
WITH span AS (
  SELECT coalesce(
           (SELECT min(quarter) FROM out_route_coverage WHERE program = $program AND geography = 'ward'),
           (SELECT min(first_month) FROM out_hot_spot WHERE city = $city AND outcome = 'gunshot')
         ) AS first_month,
         coalesce(
           (SELECT (max(quarter) + INTERVAL 2 MONTH)::DATE FROM out_route_coverage
            WHERE program = $program AND geography = 'ward'),
           (SELECT max(last_month) FROM out_hot_spot WHERE city = $city AND outcome = 'gunshot')
         ) AS last_month
), worked AS (
  SELECT area, sum(hours) AS hours
  FROM out_route_coverage
  WHERE program = $program AND geography = 'ward'
  GROUP BY area
)
SELECT monthly.area, sum(monthly.count)::BIGINT AS incidents, any_value(worked.hours) AS hours,
       any_value(span.first_month) AS first_month, any_value(span.last_month) AS last_month,
       (SELECT sum(paid_usd) FROM out_provider, span
        WHERE program = $program AND month BETWEEN span.first_month AND span.last_month) AS paid_usd
FROM out_monthly AS monthly
JOIN span ON monthly.month BETWEEN span.first_month AND span.last_month
LEFT JOIN worked ON worked.area = monthly.area
WHERE monthly.city = $city AND monthly.geography = 'ward' AND monthly.outcome = 'gunshot'
  AND monthly.unit = 'incidents' AND monthly.month_basis = 'occurred'
GROUP BY monthly.area
ORDER BY monthly.area
