-- name: make_main_membership
-- The area of each larger kind that holds most of an area's land.
CREATE OR REPLACE TEMP TABLE main_membership AS
SELECT city, from_geography, from_area, to_geography, arg_max(to_area, share) AS to_area
FROM core_area_link
WHERE link = 'member'
GROUP BY city, from_geography, from_area, to_geography

-- name: repeated_case
-- Cases of one outcome that stand in several rows. Found by a 64-bit hash first, which is cheap, then by name.
CREATE OR REPLACE TEMP TABLE repeated_case AS
SELECT case_number, max(typed_id) AS kept
FROM outcome_row
WHERE hash(case_number) IN (SELECT hash(case_number) FROM outcome_row GROUP BY hash(case_number) HAVING count(*) > 1)
GROUP BY case_number
HAVING count(*) > 1

-- name: insert_cases
-- One row a case: of several, the one loaded last stands.
INSERT INTO core_incident
SELECT $source, $city, $outcome, row.case_number, row.occurred_at, row.reported_at, row.victims,
       row.kind, row.neighborhood, row.community, row.ward, row.precinct, row.zone, row.longitude, row.latitude,
       NULL, row.load_id, row.typed_id, $simulated
FROM outcome_row AS row
LEFT JOIN repeated_case AS repeated ON repeated.case_number = row.case_number
WHERE repeated.case_number IS NULL OR row.typed_id = repeated.kept

-- name: insert_victims
-- A row is a victim: the case is its rows together, placed and timed by the first of them.
INSERT INTO core_incident
SELECT $source, $city, $outcome, case_number, min(occurred_at), min(reported_at), sum(victims)::INTEGER,
       first(kind ORDER BY typed_id), first(neighborhood ORDER BY typed_id), first(community ORDER BY typed_id),
       first(ward ORDER BY typed_id), first(precinct ORDER BY typed_id),
       first(zone ORDER BY typed_id), first(longitude ORDER BY typed_id),
       first(latitude ORDER BY typed_id), NULL, min(load_id), min(typed_id), $simulated
FROM outcome_row
GROUP BY case_number

-- name: note_dropped_rows
INSERT INTO dropped_row
SELECT row.load_id, row.typed_id
FROM outcome_row AS row
JOIN repeated_case AS repeated ON repeated.case_number = row.case_number
WHERE row.typed_id <> repeated.kept

-- name: points
SELECT DISTINCT longitude, latitude FROM incident_now
WHERE source = $source AND longitude IS NOT NULL AND latitude IS NOT NULL
  AND NOT (longitude = 0 AND latitude = 0)

-- name: disagreements
-- Cases whose label is another area than the one their point lies in. A remembered case that was placed by its point has none.
SELECT incident.outcome, count(*) FILTER (WHERE point.area <> label.label) AS differing, count(*) AS both_known
FROM incident_now AS incident
CROSS JOIN LATERAL (
  SELECT CASE $geography WHEN 'neighborhood' THEN incident.neighborhood WHEN 'ward' THEN incident.ward
         WHEN 'precinct' THEN incident.precinct ELSE incident.community END AS label
) AS label
JOIN core_point_area AS point
  ON point.source = incident.source AND point.longitude = incident.longitude
  AND point.latitude = incident.latitude AND point.geography = $geography
WHERE incident.source = $source AND label.label IS NOT NULL AND incident.outcome <> 'near_repeat_shooting'
  AND NOT coalesce(list_contains(string_split(incident.placed_by, ' '), $geography), false)
GROUP BY incident.outcome
ORDER BY incident.outcome

-- name: derivable
-- Whether any case of a load would get its community now.
SELECT 1
FROM incident_now
JOIN main_membership AS main
  ON main.city = $city AND main.from_geography = 'neighborhood' AND main.to_geography = 'community'
  AND main.from_area = incident_now.neighborhood
WHERE incident_now.source = $source AND incident_now.load_id = $load_id AND incident_now.community IS NULL
LIMIT 1

-- name: derive_placed
UPDATE core_incident SET community = main.to_area
FROM main_membership AS main
WHERE core_incident.source = $source AND core_incident.community IS NULL AND main.city = $city
  AND main.from_geography = 'neighborhood' AND main.to_geography = 'community'
  AND main.from_area = core_incident.neighborhood

-- name: insert_near_repeats
-- A shooting within 14 days after another in the same neighborhood.
INSERT INTO core_incident
SELECT source, city, 'near_repeat_shooting', case_number, occurred_at, reported_at, 1,
       kind, neighborhood, community, ward, precinct, zone, longitude, latitude, placed_by, load_id, raw_row, simulated
FROM (
  SELECT *, lag(occurred_at) OVER (PARTITION BY neighborhood ORDER BY occurred_at, case_number) AS earlier_at
  FROM incident_now
  WHERE source = $source AND outcome = 'gunshot' AND neighborhood IS NOT NULL AND occurred_at IS NOT NULL
)
WHERE occurred_at <= earlier_at + INTERVAL 14 DAY

-- name: find_extents
-- When the rows of each outcome begin and end, and the most victims of one case.
CREATE OR REPLACE TEMP TABLE outcome_extent AS
SELECT outcome, min(coalesce(reported_at, occurred_at))::DATE AS first_date,
       max(coalesce(reported_at, occurred_at))::DATE AS last_date, max(victims) AS most_victims
FROM incident_now
WHERE source = $source AND outcome <> 'near_repeat_shooting'
GROUP BY outcome
