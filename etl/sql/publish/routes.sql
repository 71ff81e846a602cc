-- name: route_counts
-- Gunshot incidents by month and small area: neighborhoods where they are counted, else precincts, else wards.
WITH kinds AS (
  SELECT geography, CASE geography WHEN 'neighborhood' THEN 1 WHEN 'precinct' THEN 2 ELSE 3 END AS place
  FROM out_monthly
  WHERE city = $city AND outcome = $outcome AND unit = $unit AND month_basis = 'occurred'
    AND geography IN ('neighborhood', 'precinct', 'ward')
  GROUP BY geography
)
SELECT geography, month, area, count
FROM out_monthly
WHERE city = $city AND outcome = $outcome AND unit = $unit AND month_basis = 'occurred'
  AND geography = (SELECT geography FROM kinds ORDER BY place LIMIT 1)
ORDER BY month, area

-- name: route_hours
SELECT quarter, area, hours
FROM out_route_coverage
WHERE program = $program AND geography = $geography
ORDER BY quarter, area

-- name: route_members
-- The small areas in an area of another kind: those that it holds most of.
SELECT from_area
FROM core_area_link
WHERE city = $city AND link = 'member' AND from_geography = $geography
  AND to_geography = $kind AND list_contains($areas, to_area)
GROUP BY from_area
HAVING sum(share) > 0.5
ORDER BY from_area

-- name: route_cities
SELECT city, bool_or(simulated) AS simulated
FROM out_monthly
WHERE outcome = 'gunshot'
GROUP BY city
ORDER BY city

-- name: call_volume
-- Calls of a call file by area, where the file names a neighborhood, else by precinct.
WITH placed AS (
  SELECT received_at, precinct, neighborhood, simulated,
         count(neighborhood) OVER () > 0 AS has_neighborhood
  FROM core_call
  WHERE city = $city AND received_at IS NOT NULL
)
SELECT CASE WHEN has_neighborhood THEN 'neighborhood' ELSE 'precinct' END AS geography,
       date_trunc('month', received_at)::DATE AS month,
       CASE WHEN has_neighborhood THEN neighborhood ELSE precinct END AS area,
       count(*) AS count
FROM placed
WHERE CASE WHEN has_neighborhood THEN neighborhood ELSE precinct END IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 2, 3
