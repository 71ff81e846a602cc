-- name: make_daily_city
-- Every day of the months that out_monthly holds, with its zeros; cities that already have days are left alone.
INSERT INTO out_daily
SELECT span.city, 'city', span.city, day.date::DATE, span.month_basis, span.outcome, span.unit,
       coalesce(sum(CASE WHEN span.unit = 'victims' THEN incident.victims WHEN incident.case_number IS NOT NULL THEN 1 END), 0),
       span.simulated
FROM (
  SELECT city, month_basis, outcome, unit, simulated, min(month) AS first_day, last_day(max(month)) AS final_day
  FROM out_monthly
  WHERE geography = 'city' AND outcome IN ('gunshot', 'homicide')
    AND city IN (SELECT city FROM core_incident) AND city NOT IN (SELECT city FROM out_daily)
  GROUP BY city, month_basis, outcome, unit, simulated
) AS span
CROSS JOIN LATERAL (SELECT unnest(generate_series(span.first_day, span.final_day, INTERVAL 1 DAY)) AS date) AS day
LEFT JOIN core_incident AS incident
  ON incident.city = span.city AND incident.outcome = span.outcome
  AND CASE span.month_basis WHEN 'occurred' THEN incident.occurred_at ELSE incident.reported_at END::DATE = day.date::DATE
GROUP BY span.city, day.date, span.month_basis, span.outcome, span.unit, span.simulated

-- name: make_daily_neighborhood
-- Days with an event only.
INSERT INTO out_daily
SELECT incident.city, 'neighborhood', incident.neighborhood, incident.occurred_at::DATE, 'occurred', incident.outcome,
       span.unit, sum(CASE WHEN span.unit = 'victims' THEN incident.victims ELSE 1 END), incident.simulated
FROM core_incident AS incident
JOIN (
  SELECT city, outcome, unit, min(date) AS first_day, max(date) AS final_day
  FROM out_daily
  WHERE geography = 'city' AND date_basis = 'occurred'
  GROUP BY city, outcome, unit
) AS span
  ON span.city = incident.city AND span.outcome = incident.outcome
  AND incident.occurred_at::DATE BETWEEN span.first_day AND span.final_day
WHERE incident.neighborhood IS NOT NULL
  AND incident.city NOT IN (SELECT city FROM out_daily WHERE geography = 'neighborhood')
GROUP BY incident.city, incident.neighborhood, incident.occurred_at::DATE, incident.outcome, span.unit, incident.simulated

-- name: daily_to_ship
-- One row a day; columns outcome_unit_basis, as in the file of months.
SELECT date,
       sum(count) FILTER (WHERE outcome = 'gunshot' AND unit = 'incidents' AND date_basis = 'occurred') AS gunshot_incidents_occurred,
       sum(count) FILTER (WHERE outcome = 'gunshot' AND unit = 'incidents' AND date_basis = 'reported') AS gunshot_incidents_reported,
       sum(count) FILTER (WHERE outcome = 'gunshot' AND unit = 'victims' AND date_basis = 'occurred') AS gunshot_victims_occurred,
       sum(count) FILTER (WHERE outcome = 'gunshot' AND unit = 'victims' AND date_basis = 'reported') AS gunshot_victims_reported,
       sum(count) FILTER (WHERE outcome = 'homicide' AND unit = 'incidents' AND date_basis = 'occurred') AS homicide_incidents_occurred,
       sum(count) FILTER (WHERE outcome = 'homicide' AND unit = 'incidents' AND date_basis = 'reported') AS homicide_incidents_reported,
       sum(count) FILTER (WHERE outcome = 'homicide' AND unit = 'victims' AND date_basis = 'occurred') AS homicide_victims_occurred,
       sum(count) FILTER (WHERE outcome = 'homicide' AND unit = 'victims' AND date_basis = 'reported') AS homicide_victims_reported
FROM out_daily
WHERE city = $city AND geography = 'city'
GROUP BY date
ORDER BY date
