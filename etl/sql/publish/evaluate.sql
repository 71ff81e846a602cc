-- name: panel
SELECT geography, month_basis, area, month, outcome, unit, count
FROM out_monthly
WHERE city = $city
ORDER BY geography, month_basis, area, month, outcome, unit

-- name: areas_of_kind
SELECT area FROM core_area WHERE city = $city AND geography = $kind ORDER BY area

-- name: larger_areas
-- The one area of each larger kind that holds most of an area's land.
SELECT from_area, to_geography, arg_max(to_area, share) AS to_area
FROM core_area_link
WHERE city = $city AND link = 'member' AND from_geography = $kind
  AND to_geography IN ('precinct', 'ward', 'community', 'zone')
GROUP BY from_area, to_geography
ORDER BY to_geography, from_area

-- name: neighbor_pairs
SELECT from_area, to_area
FROM core_area_link
WHERE city = $city AND link = 'neighbor' AND list_contains($kinds, from_geography)
ORDER BY from_area, to_area

-- name: hours_by_month
-- Months of the span of the log; a month inside it without a shift has no hours.
SELECT strftime(span.month, '%Y-%m') AS month, coalesce(shift.hours, 0) AS hours
FROM (
  SELECT unnest(generate_series(min(month), max(month), INTERVAL 1 MONTH))::DATE AS month
  FROM out_shift WHERE program = $program
) AS span
LEFT JOIN out_shift AS shift ON shift.program = $program AND shift.month = span.month
ORDER BY span.month
