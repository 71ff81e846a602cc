-- name: finding_counts
SELECT form, severity, reason, count(*) AS rows
FROM core_log_finding
WHERE program = $program
GROUP BY form, severity, reason
ORDER BY count(*) DESC, form, reason

-- name: findings_by_provider
SELECT provider, month, count(*) AS rows
FROM core_log_finding
WHERE program = $program AND form = $form AND reason = $reason
GROUP BY provider, month
ORDER BY provider NULLS LAST, month NULLS LAST

-- name: rows_kept
SELECT 'providers' AS form, count(*) AS rows FROM core_provider WHERE program = $program
UNION ALL SELECT 'shifts', count(*) FROM core_shift WHERE program = $program
UNION ALL SELECT 'activities', count(*) FROM core_activity WHERE program = $program
UNION ALL SELECT 'requests', count(*) FROM core_request WHERE program = $program
UNION ALL SELECT 'conduct_reports', count(*) FROM core_conduct_report WHERE program = $program
UNION ALL SELECT 'required_records', count(*) FROM core_required_record WHERE program = $program
UNION ALL SELECT 'funding', count(*) FROM core_funding WHERE program = $program

-- name: rows_set_aside
SELECT form, count(*) AS rows
FROM (SELECT DISTINCT form, file, row FROM core_log_finding
      WHERE program = $program AND severity = 'quarantined' AND row IS NOT NULL)
GROUP BY form

-- name: conduct_reports
SELECT provider, category, status, count(*) AS reports
FROM core_conduct_report
WHERE program = $program
GROUP BY provider, category, status
ORDER BY provider, category, status

-- name: route_forecast
-- Gunshot incidents expected next month, by area.
SELECT geography, area, month, expected, lower_80, upper_80, chance_of_any, rank, release_id
FROM core_route_forecast
WHERE city = $city
ORDER BY rank, area

-- name: hours_by_month
-- Hours as logged, by month and area, recent months included.
SELECT date_trunc('month', started_at)::DATE AS month, geography, area, sum(hours) AS hours
FROM core_shift
WHERE program = $program
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
