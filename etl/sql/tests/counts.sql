-- name: months_without_a_gap
-- Every area of a series has every month between the first and the last: zeros are kept.
SELECT city, geography, area, outcome, unit, month_basis, count(*) AS months, min(month), max(month)
FROM out_monthly
GROUP BY city, geography, area, outcome, unit, month_basis
HAVING count(*) <> date_diff('month', min(month), max(month)) + 1

-- name: areas_share_one_calendar
SELECT city, geography, outcome, unit, month_basis, count(DISTINCT first_month), count(DISTINCT last_month)
FROM (
  SELECT city, geography, area, outcome, unit, month_basis, min(month) AS first_month, max(month) AS last_month
  FROM out_monthly
  GROUP BY city, geography, area, outcome, unit, month_basis
)
GROUP BY city, geography, outcome, unit, month_basis
HAVING count(DISTINCT first_month) > 1 OR count(DISTINCT last_month) > 1

-- name: every_area_is_counted
SELECT span.city, span.geography, span.outcome, area.area
FROM (SELECT DISTINCT city, geography, outcome FROM out_monthly) AS span
JOIN core_area AS area ON area.city = span.city AND area.geography = span.geography
LEFT JOIN (SELECT DISTINCT city, geography, outcome, area FROM out_monthly) AS counted
  ON counted.city = span.city AND counted.geography = span.geography AND counted.outcome = span.outcome
  AND counted.area = area.area
WHERE counted.area IS NULL

-- name: months_begin_on_their_first_day
SELECT * FROM out_monthly WHERE day(month) <> 1

-- name: counts_are_not_negative
SELECT * FROM out_monthly WHERE count < 0

-- name: victims_are_at_least_incidents
SELECT one.city, one.geography, one.area, one.month, one.outcome, one.count, two.count
FROM out_monthly AS one
JOIN out_monthly AS two
  ON two.city = one.city AND two.geography = one.geography AND two.area = one.area AND two.month = one.month
  AND two.month_basis = one.month_basis AND two.outcome = one.outcome AND two.unit = 'victims'
WHERE one.unit = 'incidents' AND two.count < one.count

-- name: areas_sum_to_no_more_than_the_city
SELECT part.city, part.geography, part.month, part.outcome, part.unit, part.total, whole.count
FROM (
  SELECT city, geography, month, month_basis, outcome, unit, sum(count) AS total
  FROM out_monthly
  WHERE geography <> 'city'
  GROUP BY city, geography, month, month_basis, outcome, unit
) AS part
JOIN out_monthly AS whole
  ON whole.city = part.city AND whole.geography = 'city' AND whole.month = part.month
  AND whole.month_basis = part.month_basis AND whole.outcome = part.outcome AND whole.unit = part.unit
WHERE part.total > whole.count

-- name: near_repeats_are_shootings
SELECT near.city, near.geography, near.area, near.month
FROM out_monthly AS near
JOIN out_monthly AS shot
  ON shot.city = near.city AND shot.geography = near.geography AND shot.area = near.area
  AND shot.month = near.month AND shot.month_basis = near.month_basis AND shot.outcome = 'gunshot'
  AND shot.unit = near.unit
WHERE near.outcome = 'near_repeat_shooting' AND near.count > shot.count

-- name: weekday_hours_are_whole_weeks
SELECT city, outcome, unit, count(*)
FROM out_weekday_hour
GROUP BY city, outcome, unit
HAVING count(*) <> 168
