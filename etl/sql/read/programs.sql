-- name: programs
SELECT program, city, name, summary, program_json, simulated
FROM core_program
ORDER BY simulated, program

-- name: program
SELECT program, city, name, summary, program_json, simulated
FROM core_program
WHERE program = $program

-- name: phases
SELECT phase, name, kind, first_month, last_month, source, certainty
FROM core_phase
WHERE program = $program
ORDER BY first_month, phase

-- name: catchments
-- optional: reading
SELECT reading, geography, area, source, certainty
FROM core_catchment
WHERE program = $program AND ($reading IS NULL OR reading = $reading)
ORDER BY reading, geography, area

-- name: events
SELECT event, date, end_date, name, description, source
FROM core_context_event
WHERE city = $city
ORDER BY date, event

-- name: funding
SELECT funding, kind, date, period_start, period_end, amount_usd, provider, description, source, simulated
FROM core_funding
WHERE program = $program
ORDER BY date, funding
