-- name: estimates
-- optional: analysis, role
SELECT *
FROM out_estimate
WHERE program = $program AND ($analysis IS NULL OR analysis = $analysis) AND ($role IS NULL OR role = $role)
ORDER BY analysis, CASE role WHEN 'headline' THEN 0 WHEN 'companion' THEN 1 WHEN 'standard' THEN 2 ELSE 3 END,
         estimate_id

-- name: estimate
SELECT * FROM out_estimate WHERE estimate_id = $estimate_id

-- name: series
SELECT side, month, observed, expected, expected_lower_95, expected_upper_95
FROM out_series
WHERE estimate_id = $estimate_id
ORDER BY side DESC, month

-- name: checks
SELECT check_name, kind, status, reason, figures_json
FROM out_check
WHERE estimate_id = $estimate_id
ORDER BY kind, check_name

-- name: gates
SELECT gate, name, status, reason
FROM out_gate
WHERE estimate_id = $estimate_id
ORDER BY gate

-- name: specifications
SELECT specification, rate_ratio, lower_95, upper_95
FROM out_specification
WHERE program = $program AND analysis = $analysis
ORDER BY rate_ratio NULLS LAST, specification

-- name: placebos
-- optional: kind
SELECT kind, placebo, rate_ratio, lower_95, upper_95
FROM out_placebo
WHERE program = $program AND analysis = $analysis AND ($kind IS NULL OR kind = $kind)
ORDER BY kind, placebo

-- name: area_effects
-- optional: geography, phase, outcome, unit
SELECT *
FROM out_area_effect
WHERE program = $program AND ($geography IS NULL OR geography = $geography)
  AND ($phase IS NULL OR phase = $phase) AND ($outcome IS NULL OR outcome = $outcome)
  AND ($unit IS NULL OR unit = $unit)
ORDER BY phase, geography, area, outcome, unit
