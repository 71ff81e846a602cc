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

-- name: provider_findings
-- What is wrong with hours and entries, by provider: late entries, overlaps, hours billed twice, no day off.
SELECT provider, reason, count(*) AS rows
FROM core_log_finding
WHERE program = $program AND provider IS NOT NULL
  AND reason IN ('late_entry', 'overlapping_shifts', 'hours_billed_twice', 'no_day_off', 'shift_too_long',
                 'conflict_logged_twice', 'blank_outcome', 'catch_all_share')
GROUP BY provider, reason
ORDER BY provider, reason

-- name: provider_records
-- Records that contracts require, one row each that is late or missing.
SELECT provider, kind, month, due_on, produced_on
FROM core_required_record
WHERE program = $program AND (produced_on IS NULL OR produced_on > due_on)
ORDER BY due_on DESC, provider, kind

-- name: provider_payments
SELECT provider, kind, date, period_start, period_end, amount_usd, description
FROM core_funding
WHERE program = $program AND provider IS NOT NULL
ORDER BY date DESC, provider

-- name: conduct_ages
-- Conduct reports with status: how many, how many days the closed ones took, and since when the oldest is open.
SELECT provider, category, status, count(*) AS reports,
       median(date_diff('day', reported_on, closed_on)) AS median_days,
       min(reported_on) FILTER (WHERE closed_on IS NULL) AS open_since
FROM core_conduct_report
WHERE program = $program
GROUP BY provider, category, status
ORDER BY provider, category, status
