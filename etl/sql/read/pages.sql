-- name: estimate_list
-- What was estimated for a program, without the whole result objects and without the readings' rows.
SELECT estimate_id, analysis, role, design, phase, outcome, unit, catchment, pool, baseline, status,
       rate_ratio, lower_95, upper_95, lower_80, upper_80, interval_method, observed, expected,
       averted, averted_lower_95, averted_upper_95, verdict, registration, spec_sha256
FROM out_estimate
WHERE program = $program AND role <> 'reading'
ORDER BY analysis, CASE role WHEN 'headline' THEN 0 WHEN 'companion' THEN 1 ELSE 2 END, estimate_id

-- name: result
SELECT result_json FROM out_estimate WHERE estimate_id = $estimate_id
