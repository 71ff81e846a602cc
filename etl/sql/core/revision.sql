-- name: compare_exports
-- earlier_export and later_export: rows of one source; untouched_export: cases and victims by
-- outcome that stand in both and were left out of them.
INSERT INTO out_revision
WITH counted AS (
  SELECT coalesce(later.outcome, earlier.outcome) AS outcome,
         unnest(['in_both', 'added', 'withdrawn', 'reclassified', 'recounted', 'redated', 'moved']) AS change,
         unnest([
           count(*) FILTER (WHERE earlier.case_number IS NOT NULL AND later.case_number IS NOT NULL),
           count(*) FILTER (WHERE earlier.case_number IS NULL),
           count(*) FILTER (WHERE later.case_number IS NULL),
           count(*) FILTER (WHERE later.kind IS DISTINCT FROM earlier.kind AND both_there),
           count(*) FILTER (WHERE later.victims <> earlier.victims AND both_there),
           count(*) FILTER (WHERE both_there AND (later.occurred_at IS DISTINCT FROM earlier.occurred_at
             OR later.reported_at IS DISTINCT FROM earlier.reported_at)),
           count(*) FILTER (WHERE both_there AND (later.neighborhood IS DISTINCT FROM earlier.neighborhood
             OR later.ward IS DISTINCT FROM earlier.ward OR later.precinct IS DISTINCT FROM earlier.precinct))
         ]) AS cases,
         unnest([
           coalesce(sum(later.victims) FILTER (WHERE both_there), 0),
           coalesce(sum(later.victims) FILTER (WHERE earlier.case_number IS NULL), 0),
           coalesce(sum(earlier.victims) FILTER (WHERE later.case_number IS NULL), 0),
           coalesce(sum(later.victims) FILTER (WHERE later.kind IS DISTINCT FROM earlier.kind AND both_there), 0),
           coalesce(sum(later.victims) FILTER (WHERE later.victims <> earlier.victims AND both_there), 0),
           coalesce(sum(later.victims) FILTER (WHERE both_there
             AND (later.occurred_at IS DISTINCT FROM earlier.occurred_at
               OR later.reported_at IS DISTINCT FROM earlier.reported_at)), 0),
           coalesce(sum(later.victims) FILTER (WHERE both_there
             AND (later.neighborhood IS DISTINCT FROM earlier.neighborhood
               OR later.ward IS DISTINCT FROM earlier.ward OR later.precinct IS DISTINCT FROM earlier.precinct)), 0)
         ])::BIGINT AS victims
  FROM earlier_export AS earlier
  FULL JOIN later_export AS later ON later.outcome = earlier.outcome AND later.case_number = earlier.case_number
  CROSS JOIN LATERAL (SELECT earlier.case_number IS NOT NULL AND later.case_number IS NOT NULL AS both_there) AS there
  GROUP BY coalesce(later.outcome, earlier.outcome)
)
SELECT $city, $source, every.outcome, $earlier, $later, every.change,
       coalesce(counted.cases, 0) + CASE WHEN every.change = 'in_both' THEN coalesce(untouched.cases, 0) ELSE 0 END,
       coalesce(counted.victims, 0) + CASE WHEN every.change = 'in_both' THEN coalesce(untouched.victims, 0) ELSE 0 END,
       $simulated
FROM (
  SELECT outcome, unnest(['in_both', 'added', 'withdrawn', 'reclassified', 'recounted', 'redated', 'moved']) AS change
  FROM (SELECT outcome FROM counted UNION SELECT outcome FROM untouched_export)
) AS every
LEFT JOIN counted ON counted.outcome = every.outcome AND counted.change = every.change
LEFT JOIN untouched_export AS untouched ON untouched.outcome = every.outcome

-- name: smaller_outcomes
-- outcome_before: outcomes of the last load with their cases and last day. Beside them, what they are now.
SELECT was.outcome, was.cases, coalesce(now.cases, 0), was.last_date, now.last_date
FROM outcome_before AS was
LEFT JOIN outcome_sum AS now ON now.source = $source AND now.outcome = was.outcome
WHERE was.outcome <> 'near_repeat_shooting'
ORDER BY was.outcome

-- name: outcomes_before
SELECT outcome, cases, last_date FROM store.outcome_sum WHERE source = $source

-- name: outcomes_before_from_rows
SELECT outcome, count(*) AS cases, max(coalesce(reported_at, occurred_at))::DATE AS last_date
FROM store.incident_version
WHERE source = $source AND valid_to_load IS NULL
GROUP BY outcome

-- name: remembered_cases
-- The cases of the last load that a feed of changes leaves as they are, read where they lie.
SELECT version.source, onto.city, version.outcome, version.case_number, version.occurred_at, version.reported_at,
       version.victims, version.kind, version.neighborhood, version.community, version.ward, version.precinct,
       version.zone, version.longitude, version.latitude, version.placed_by, onto.load_id, 0::BIGINT AS raw_row,
       onto.simulated
FROM store.incident_version AS version
JOIN source_onto AS onto ON onto.source = version.source
WHERE version.valid_to_load IS NULL
  AND NOT EXISTS (SELECT 1 FROM ended_version AS ended WHERE ended.version_row = version.rowid)

-- name: end_replaced
-- Cases of the last load that the new file holds too: it replaces them in every outcome.
INSERT INTO ended_version BY NAME
SELECT version.* EXCLUDE (valid_from_load, valid_to_load), version.rowid AS version_row
FROM store.incident_version AS version
WHERE version.source = $source AND version.valid_to_load IS NULL
  AND EXISTS (SELECT 1 FROM typed_row AS newer
              WHERE newer.faults = 0 AND newer.case_number = version.case_number)

-- name: count_remembered
SELECT count(*) FROM incident_now
WHERE source = $source AND load_id = $load_id AND outcome <> 'near_repeat_shooting'

-- name: count_remembered_of_sums
SELECT coalesce(sum(cases), 0) - (SELECT count(*) FROM ended_version
                                  WHERE source = $source AND outcome <> 'near_repeat_shooting')
FROM store.outcome_sum
WHERE source = $source AND outcome <> 'near_repeat_shooting'

-- name: change_extents
-- The extents of the last load, as the changes widen them. No row where a case went that was the extreme, and
-- none came that is: then all cases are to be looked at.
CREATE OR REPLACE TEMP TABLE outcome_extent AS
WITH known AS (
  SELECT outcome, first_date, last_date, most_victims FROM store.outcome_sum
  WHERE source = $source AND outcome <> 'near_repeat_shooting'
),
went AS (
  SELECT outcome, min(coalesce(reported_at, occurred_at))::DATE AS first_date,
         max(coalesce(reported_at, occurred_at))::DATE AS last_date, max(victims) AS most_victims
  FROM ended_version WHERE source = $source AND outcome <> 'near_repeat_shooting' GROUP BY outcome
),
came AS (
  SELECT outcome, min(coalesce(reported_at, occurred_at))::DATE AS first_date,
         max(coalesce(reported_at, occurred_at))::DATE AS last_date, max(victims) AS most_victims
  FROM core_incident WHERE source = $source AND outcome <> 'near_repeat_shooting' GROUP BY outcome
),
lost AS (
  SELECT 1
  FROM known
  JOIN went USING (outcome)
  LEFT JOIN came USING (outcome)
  WHERE (went.first_date <= known.first_date AND coalesce(came.first_date > known.first_date, true))
     OR (went.last_date >= known.last_date AND coalesce(came.last_date < known.last_date, true))
     OR (went.most_victims >= known.most_victims AND coalesce(came.most_victims < known.most_victims, true))
)
SELECT outcome, min(first_date) AS first_date, max(last_date) AS last_date, max(most_victims) AS most_victims
FROM (FROM known UNION ALL BY NAME FROM came)
WHERE NOT EXISTS (FROM lost)
GROUP BY outcome

-- name: copy_remembered
INSERT INTO core_incident
FROM incident_now WHERE source = $source AND load_id = $load_id AND outcome <> 'near_repeat_shooting'

-- name: has_near_repeats
SELECT 1 FROM store.incident_version
WHERE source = $source AND valid_to_load IS NULL AND outcome = 'near_repeat_shooting' LIMIT 1

-- name: end_near_repeats
INSERT INTO ended_version BY NAME
SELECT version.* EXCLUDE (valid_from_load, valid_to_load), version.rowid AS version_row
FROM store.incident_version AS version
WHERE version.source = $source AND version.valid_to_load IS NULL AND version.outcome = 'near_repeat_shooting'
  AND NOT EXISTS (SELECT 1 FROM ended_version AS ended WHERE ended.version_row = version.rowid)

-- name: judge_near_repeats
-- Whether a shooting follows another within 14 days can differ only for one that came, and for one within 14 days
-- after a shooting that came or went. What either follows lies at most 14 days before that shooting, so the
-- fortnights around it hold all that is asked.
CREATE OR REPLACE TEMP TABLE judged_near_repeat AS
WITH changed AS MATERIALIZED (
  SELECT neighborhood, occurred_at, case_number, NULL::BIGINT AS version_row, true AS is_there
  FROM core_incident
  WHERE source = $source AND outcome = 'gunshot' AND neighborhood IS NOT NULL AND occurred_at IS NOT NULL
  UNION ALL
  SELECT neighborhood, occurred_at, case_number, version_row, false
  FROM ended_version
  WHERE source = $source AND outcome = 'gunshot' AND neighborhood IS NOT NULL AND occurred_at IS NOT NULL
),
around AS (
  SELECT neighborhood, occurred_at, case_number, version_row, is_there, true AS is_changed
  FROM changed
  UNION ALL
  SELECT version.neighborhood, version.occurred_at, version.case_number, version.rowid, true, false
  FROM store.incident_version AS version
  WHERE version.source = $source AND version.valid_to_load IS NULL AND version.outcome = 'gunshot'
    AND (version.neighborhood, time_bucket(INTERVAL 14 DAY, version.occurred_at)) IN (
      SELECT (neighborhood, unnest([fortnight - INTERVAL 14 DAY, fortnight, fortnight + INTERVAL 14 DAY]))
      FROM (SELECT DISTINCT neighborhood, time_bucket(INTERVAL 14 DAY, occurred_at) AS fortnight FROM changed)
    )
    AND NOT EXISTS (SELECT 1 FROM ended_version AS ended WHERE ended.version_row = version.rowid)
)
SELECT case_number, version_row, is_changed, coalesce(occurred_at <= earlier_at + INTERVAL 14 DAY, false) AS is_near
FROM (
  SELECT *, lag(there_at IGNORE NULLS) OVER in_order AS earlier_at,
         lag(changed_at IGNORE NULLS) OVER in_order AS last_change_at
  FROM (
    SELECT *, CASE WHEN is_there THEN occurred_at END AS there_at,
           CASE WHEN is_changed THEN occurred_at END AS changed_at
    FROM around
  )
  WINDOW in_order AS (PARTITION BY neighborhood ORDER BY occurred_at, case_number)
)
WHERE is_there AND (is_changed OR occurred_at <= last_change_at + INTERVAL 14 DAY)

-- name: add_new_near_repeats
INSERT INTO core_incident
SELECT source, city, 'near_repeat_shooting', case_number, occurred_at, reported_at, 1,
       kind, neighborhood, community, ward, precinct, zone, longitude, latitude, placed_by, load_id, raw_row, simulated
FROM core_incident AS shot
WHERE source = $source AND outcome = 'gunshot'
  AND case_number IN (SELECT case_number FROM judged_near_repeat WHERE is_changed AND is_near)

-- name: note_known_near_repeats
-- Judged cases that were remembered, beside the near repeat that each of them was.
CREATE OR REPLACE TEMP TABLE known_near_repeat AS
SELECT judged.case_number, judged.version_row, judged.is_near, near.rowid AS near_row
FROM judged_near_repeat AS judged
LEFT JOIN (
  SELECT case_number, rowid FROM store.incident_version
  WHERE source = $source AND valid_to_load IS NULL AND outcome = 'near_repeat_shooting'
) AS near ON near.case_number = judged.case_number
WHERE NOT judged.is_changed

-- name: add_known_near_repeats
INSERT INTO core_incident
SELECT version.source, onto.city, 'near_repeat_shooting', version.case_number, version.occurred_at,
       version.reported_at, 1, version.kind, version.neighborhood, version.community, version.ward, version.precinct,
       version.zone, version.longitude, version.latitude, version.placed_by, onto.load_id, 0, onto.simulated
FROM store.incident_version AS version
JOIN source_onto AS onto ON onto.source = version.source
WHERE version.rowid IN (SELECT version_row FROM known_near_repeat WHERE is_near AND near_row IS NULL)

-- name: end_known_near_repeats
INSERT INTO ended_version BY NAME
SELECT version.* EXCLUDE (valid_from_load, valid_to_load), version.rowid AS version_row
FROM store.incident_version AS version
WHERE version.rowid IN (SELECT near_row FROM known_near_repeat WHERE NOT is_near AND near_row IS NOT NULL)
