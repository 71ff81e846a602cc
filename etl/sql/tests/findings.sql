-- name: every_claim_has_one_verdict
SELECT claim.claim
FROM out_claim AS claim
LEFT JOIN out_claim_verdict AS verdict ON verdict.claim = claim.claim
WHERE verdict.claim IS NULL

-- name: days_sum_to_months
SELECT monthly.city, monthly.outcome, monthly.unit, monthly.month_basis, monthly.month
FROM out_monthly AS monthly
JOIN (
  SELECT city, outcome, unit, date_basis, date_trunc('month', date)::DATE AS month, sum(count) AS total
  FROM out_daily
  WHERE geography = 'city'
  GROUP BY city, outcome, unit, date_basis, date_trunc('month', date)::DATE
) AS daily
  ON daily.city = monthly.city AND daily.outcome = monthly.outcome AND daily.unit = monthly.unit
  AND daily.date_basis = monthly.month_basis AND daily.month = monthly.month
WHERE monthly.geography = 'city' AND daily.total <> monthly.count

-- name: neighborhood_days_sum_to_months
-- Both ways: a month whose days are missing is as wrong as days that belong to no month.
SELECT monthly.area, monthly.month, monthly.outcome, monthly.count, daily.total
FROM (
  SELECT monthly.*
  FROM out_monthly AS monthly
  JOIN (SELECT DISTINCT city, outcome, unit, date_basis FROM out_daily WHERE geography = 'neighborhood') AS counted
    ON counted.city = monthly.city AND counted.outcome = monthly.outcome AND counted.unit = monthly.unit
    AND counted.date_basis = monthly.month_basis
  JOIN (SELECT city, outcome, unit, date_basis, min(date) AS first_day, max(date) AS last_day
        FROM out_daily WHERE geography = 'city' GROUP BY city, outcome, unit, date_basis) AS span
    ON span.city = monthly.city AND span.outcome = monthly.outcome AND span.unit = monthly.unit
    AND span.date_basis = monthly.month_basis AND monthly.month BETWEEN span.first_day AND span.last_day
  WHERE monthly.geography = 'neighborhood'
) AS monthly
FULL JOIN (
  SELECT city, area, outcome, unit, date_basis, date_trunc('month', date)::DATE AS month, sum(count) AS total
  FROM out_daily
  WHERE geography = 'neighborhood'
  GROUP BY city, area, outcome, unit, date_basis, date_trunc('month', date)::DATE
) AS daily
  ON daily.city = monthly.city AND daily.area = monthly.area AND daily.outcome = monthly.outcome
  AND daily.unit = monthly.unit AND daily.date_basis = monthly.month_basis AND daily.month = monthly.month
WHERE monthly.count IS NULL OR monthly.count <> coalesce(daily.total, 0)

-- name: neighborhood_days_have_an_event
SELECT * FROM out_daily WHERE geography = 'neighborhood' AND (count < 1 OR starts_with(outcome, 'domestic_'))

-- name: days_without_a_gap
SELECT city, outcome, unit, date_basis
FROM out_daily
WHERE geography = 'city'
GROUP BY city, outcome, unit, date_basis
HAVING count(*) <> date_diff('day', min(date), max(date)) + 1

-- name: what_cannot_be_stated_has_no_figure
SELECT program, figure, basis
FROM out_funding_review
WHERE status <> 'stated' AND (value IS NOT NULL OR lower_95 IS NOT NULL OR upper_95 IS NOT NULL)

-- name: only_street_outreach_is_pooled
SELECT result
FROM out_published_result
WHERE (in_pool OR in_site_list) AND (intervention <> 'street_outreach' OR log_rate_ratio IS NULL)

-- name: one_result_for_each_place_in_the_pool
SELECT place, outcome
FROM out_published_result
WHERE in_pool
GROUP BY place, outcome
HAVING count(*) > 1

-- name: a_local_estimate_drawn_to_the_published_ones_is_real
SELECT local.estimate_id
FROM out_evidence_local AS local
JOIN core_program AS program ON program.program = local.program
WHERE program.simulated
