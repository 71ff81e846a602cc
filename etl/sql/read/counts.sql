-- name: monthly
-- optional: area
SELECT geography, area, month, month_basis, outcome, unit, count, simulated
FROM out_monthly
WHERE city = $city AND geography = $geography AND outcome = $outcome AND unit = $unit
  AND month_basis = $month_basis AND ($area IS NULL OR area = $area)
ORDER BY area, month

-- name: monthly_span
-- What is counted in a city, and over which months.
SELECT city, geography, outcome, unit, month_basis,
       min(month) AS first_month, max(month) AS last_month,
       count(DISTINCT area) AS areas, sum(count)::BIGINT AS total
FROM out_monthly
WHERE city = $city
GROUP BY city, geography, outcome, unit, month_basis
ORDER BY geography, outcome, unit, month_basis

-- name: area_totals
SELECT area, sum(count)::BIGINT AS count, count(*) AS months
FROM out_monthly
WHERE city = $city AND geography = $geography AND outcome = $outcome AND unit = $unit
  AND month_basis = $month_basis AND month BETWEEN $first_month AND $last_month
GROUP BY area
ORDER BY area

-- name: weekday_hour
SELECT weekday, hour, count, first_month, last_month, simulated
FROM out_weekday_hour
WHERE city = $city AND outcome = $outcome AND unit = $unit
ORDER BY weekday, hour

-- name: reporting_triangle
SELECT month, months_after, known, latest, is_provisional
FROM out_triangle
WHERE city = $city AND outcome = $outcome
ORDER BY month, months_after
