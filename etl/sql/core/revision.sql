-- name: incident_columns
-- What two exports are compared in.
CREATE OR REPLACE TEMP VIEW incident_now AS
SELECT source, outcome, case_number, occurred_at, reported_at, victims, kind, neighborhood, community, ward,
       precinct, zone, longitude, latitude, placed_by
FROM core_incident

-- name: compare_exports
-- earlier_export and later_export: rows of one source, as in incident_now.
INSERT INTO out_revision
SELECT $city, $source, outcome, $earlier, $later, change, cases, victims, $simulated
FROM (
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

-- name: smaller_outcomes
-- Outcomes of the last load with their cases and last day, then and now.
SELECT was.outcome, was.cases, coalesce(now.cases, 0), was.until, now.until
FROM (
  SELECT outcome, count(*) AS cases, max(coalesce(reported_at, occurred_at))::DATE AS until
  FROM remembered WHERE outcome <> 'near_repeat_shooting' GROUP BY outcome
) AS was
LEFT JOIN (
  SELECT outcome, count(*) AS cases, max(coalesce(reported_at, occurred_at))::DATE AS until
  FROM loaded_now GROUP BY outcome
) AS now ON now.outcome = was.outcome
ORDER BY was.outcome

-- name: insert_remembered
-- Cases of the last load. A case that the new file holds is replaced in every outcome.
INSERT INTO core_incident
SELECT version.source, $city, version.outcome, version.case_number, version.occurred_at, version.reported_at,
       version.victims, version.kind, version.neighborhood, version.community, version.ward, version.precinct,
       version.zone, version.longitude, version.latitude, version.placed_by, $load_id, 0, $simulated
FROM store.incident_version AS version
WHERE version.source = $source AND version.valid_to_load IS NULL AND version.outcome <> 'near_repeat_shooting'
  AND NOT EXISTS (SELECT 1 FROM typed_row AS newer
                  WHERE newer.faults = 0 AND newer.case_number = version.case_number)
