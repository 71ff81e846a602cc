-- name: incident_columns
-- What two exports are compared in.
CREATE OR REPLACE TEMP VIEW incident_now AS
SELECT source, outcome, case_number, occurred_at, reported_at, victims, kind, neighborhood, community, ward,
       precinct, zone, longitude, latitude, placed_by
FROM core_incident

-- name: compare_exports
-- earlier_export and later_export: rows of one source, as in incident_now; untouched_export: cases and victims by
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
-- Outcomes of the last load with their cases and last day, then and now.
SELECT was.outcome, was.cases, coalesce(now.cases, 0), was.until, now.until
FROM (
  SELECT outcome, count(*) AS cases, max(coalesce(reported_at, occurred_at))::DATE AS until
  FROM case_before WHERE outcome <> 'near_repeat_shooting' GROUP BY outcome
) AS was
LEFT JOIN (
  SELECT outcome, count(*) AS cases, max(coalesce(reported_at, occurred_at))::DATE AS until
  FROM loaded_now GROUP BY outcome
) AS now ON now.outcome = was.outcome
ORDER BY was.outcome

-- name: replaced_versions
-- Cases of the last load that the new file holds too: it replaces them in every outcome.
CREATE OR REPLACE TEMP TABLE earlier_version AS
SELECT version.* EXCLUDE (valid_from_load, valid_to_load)
FROM store.incident_version AS version
WHERE version.source = $source AND version.valid_to_load IS NULL
  AND EXISTS (SELECT 1 FROM typed_row AS newer
              WHERE newer.faults = 0 AND newer.case_number = version.case_number)

-- name: earlier_near_repeats
CREATE OR REPLACE TEMP TABLE earlier_near_repeat AS
SELECT version.* EXCLUDE (valid_from_load, valid_to_load)
FROM store.incident_version AS version
WHERE version.source = $source AND version.valid_to_load IS NULL AND version.outcome = 'near_repeat_shooting'
  AND version.case_number NOT IN (SELECT case_number FROM earlier_version WHERE outcome = 'near_repeat_shooting')

-- name: insert_remembered
-- The other cases of the last load.
INSERT INTO core_incident
SELECT version.source, $city, version.outcome, version.case_number, version.occurred_at, version.reported_at,
       version.victims, version.kind, version.neighborhood, version.community, version.ward, version.precinct,
       version.zone, version.longitude, version.latitude, version.placed_by, $load_id, 0, $simulated
FROM store.incident_version AS version
WHERE version.source = $source AND version.valid_to_load IS NULL AND version.outcome <> 'near_repeat_shooting'
  AND NOT EXISTS (SELECT 1 FROM typed_row AS newer
                  WHERE newer.faults = 0 AND newer.case_number = version.case_number)

-- name: later_versions
-- What stands in the place of the replaced cases, and near repeats that only now are one.
CREATE OR REPLACE TEMP TABLE later_version AS
SELECT now.* EXCLUDE (city, load_id, raw_row, simulated)
FROM core_incident AS now
WHERE now.source = $source AND now.load_id <> $load_id
UNION ALL
SELECT now.* EXCLUDE (city, load_id, raw_row, simulated)
FROM core_incident AS now
ANTI JOIN earlier_near_repeat AS before ON before.case_number = now.case_number
WHERE now.source = $source AND now.load_id = $load_id AND now.outcome = 'near_repeat_shooting'

-- name: earlier_no_longer_near
INSERT INTO earlier_version BY NAME
SELECT before.*
FROM earlier_near_repeat AS before
WHERE NOT EXISTS (SELECT 1 FROM core_incident AS now
                  WHERE now.source = $source AND now.outcome = 'near_repeat_shooting'
                    AND now.load_id = $load_id AND now.case_number = before.case_number)
