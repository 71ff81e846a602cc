-- name: outreach_facts
-- What press, offices and programs have published about the work on the street.
SELECT fact, date, text, value, unit, period_start, period_end, source, certainty
FROM out_fact
WHERE program = $program AND page = $page
ORDER BY date NULLS LAST, fact

-- name: schedule_coverage
SELECT schedule, outcome, unit, hours_a_week, share_of_week, covered, total, share_covered,
       lower_95, upper_95, best_share, source
FROM out_schedule_coverage
WHERE program = $program AND outcome = $outcome AND unit = $unit
ORDER BY schedule

-- name: shift_months
SELECT month, shifts, hours
FROM out_shift
WHERE program = $program
ORDER BY month

-- name: activity_months
-- Activities in the whole city by month, protected: an empty n is 1 to 9 or follows from one.
SELECT period AS month, measure, attribute, attribute_value, n, n_flag
FROM out_activity
WHERE program = $program AND geography = 'city' AND period_kind = 'month'
ORDER BY measure, attribute, attribute_value, period

-- name: team_hours
SELECT year, weekday, hour, hours, team_hours, first_month, last_month
FROM out_hours_weekday_hour
WHERE program = $program
ORDER BY year, weekday, hour

-- name: hidden_cells
-- How many cells of tables about people a release hides.
SELECT count(*) FILTER (WHERE n_flag = 'protected')::BIGINT AS hidden, count(*)::BIGINT AS all_cells
FROM (
  SELECT program, n_flag FROM out_activity
  UNION ALL SELECT program, n_flag FROM out_participant
  UNION ALL SELECT program, n_flag FROM out_request
  UNION ALL SELECT program, n_flag FROM out_request_time
)
WHERE program = $program
