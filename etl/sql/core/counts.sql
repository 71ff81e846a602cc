-- name: make_tables
-- Counts on their way to out_monthly, and over which months an area without a count is a zero.
CREATE TEMP TABLE cell_count (
  city VARCHAR, geography VARCHAR, area VARCHAR, month DATE, month_basis VARCHAR, outcome VARCHAR, unit VARCHAR,
  count BIGINT
);
CREATE TEMP TABLE count_span (
  city VARCHAR, geography VARCHAR, month_basis VARCHAR, outcome VARCHAR, unit VARCHAR,
  first_month DATE, last_month DATE, simulated BOOLEAN
);
CREATE TEMP TABLE weekday_hour_count (
  city VARCHAR, outcome VARCHAR, unit VARCHAR, weekday INTEGER, hour INTEGER, count BIGINT,
  first_month DATE, last_month DATE, simulated BOOLEAN
);
-- Cells that counts are sums of. What a feed of changes remembers of them is taken over and corrected.
CREATE TEMP TABLE month_cell (
  source VARCHAR, outcome VARCHAR, occurred_month DATE, reported_month DATE, neighborhood VARCHAR, community VARCHAR,
  ward VARCHAR, precinct VARCHAR, zone VARCHAR, incidents BIGINT, victims BIGINT
);
CREATE TEMP TABLE hour_cell (
  source VARCHAR, outcome VARCHAR, occurred_month DATE, weekday BIGINT, hour BIGINT, incidents BIGINT, victims BIGINT
);
CREATE TEMP TABLE daily_count (
  city VARCHAR, geography VARCHAR, area VARCHAR, date DATE, date_basis VARCHAR, outcome VARCHAR, unit VARCHAR,
  count BIGINT
)

-- name: next_month_cell
-- The cells that are there of the source (none, or those remembered) and the rows to count: sign -1 takes a row out.
CREATE OR REPLACE TEMP TABLE next_month_cell AS
SELECT outcome, occurred_month, reported_month, neighborhood, community, ward, precinct, zone,
       sum(incidents)::BIGINT AS incidents, sum(victims)::BIGINT AS victims
FROM (
  SELECT outcome, occurred_month, reported_month, neighborhood, community, ward, precinct, zone, incidents, victims
  FROM month_cell
  WHERE source = $source
  UNION ALL
  SELECT outcome, date_trunc('month', occurred_at)::DATE, date_trunc('month', reported_at)::DATE, neighborhood,
         community, ward, precinct, zone, sum(sign), sum(sign * victims)
  FROM row_to_count
  GROUP BY outcome, date_trunc('month', occurred_at)::DATE, date_trunc('month', reported_at)::DATE, neighborhood,
           community, ward, precinct, zone
)
GROUP BY outcome, occurred_month, reported_month, neighborhood, community, ward, precinct, zone
HAVING sum(incidents) <> 0

-- name: next_hour_cell
CREATE OR REPLACE TEMP TABLE next_hour_cell AS
SELECT outcome, occurred_month, weekday, hour, sum(incidents)::BIGINT AS incidents, sum(victims)::BIGINT AS victims
FROM (
  SELECT outcome, occurred_month, weekday, hour, incidents, victims
  FROM hour_cell
  WHERE source = $source
  UNION ALL
  SELECT outcome, date_trunc('month', occurred_at)::DATE, isodow(occurred_at), hour(occurred_at), sum(sign),
         sum(sign * victims)
  FROM row_to_count
  WHERE occurred_at IS NOT NULL
  GROUP BY outcome, date_trunc('month', occurred_at)::DATE, isodow(occurred_at), hour(occurred_at)
)
GROUP BY outcome, occurred_month, weekday, hour
HAVING sum(incidents) <> 0

-- name: insert_cell_counts
INSERT INTO cell_count
SELECT span.city, span.geography, cell.area, cell.month, span.month_basis, span.outcome, span.unit,
       sum(CASE WHEN span.unit = 'victims' THEN cell.victims ELSE cell.incidents END)
FROM (
  SELECT outcome, unnest(['occurred', 'reported']) AS month_basis, unnest([occurred_month, reported_month]) AS month,
         geography, area, incidents, victims
  FROM (
    SELECT outcome, occurred_month, reported_month, incidents, victims,
           unnest(['city', 'neighborhood', 'community', 'ward', 'precinct', 'zone']) AS geography,
           unnest([$city, neighborhood, community, ward, precinct, zone]) AS area
    FROM month_cell
    WHERE source = $source
  )
  WHERE area IS NOT NULL
) AS cell
JOIN count_span AS span
  ON span.city = $city AND span.geography = cell.geography AND span.outcome = cell.outcome
  AND span.month_basis = cell.month_basis AND cell.month BETWEEN span.first_month AND span.last_month
GROUP BY span.city, span.geography, cell.area, cell.month, span.month_basis, span.outcome, span.unit

-- name: insert_weekday_hours
INSERT INTO weekday_hour_count
SELECT span.city, span.outcome, span.unit, cell.weekday, cell.hour,
       sum(CASE WHEN span.unit = 'victims' THEN cell.victims ELSE cell.incidents END), span.first_month,
       span.last_month, span.simulated
FROM hour_cell AS cell
JOIN count_span AS span
  ON span.city = $city AND span.outcome = cell.outcome AND span.geography = 'city'
  AND span.month_basis = 'occurred'
WHERE cell.source = $source AND cell.occurred_month BETWEEN span.first_month AND span.last_month
GROUP BY span.city, span.outcome, span.unit, cell.weekday, cell.hour, span.first_month, span.last_month,
         span.simulated

-- name: make_out_monthly
-- Calendar by area by outcome: a month without an event is a row with 0.
INSERT INTO out_monthly
SELECT grid.city, grid.geography, grid.area, grid.month, grid.month_basis, grid.outcome, grid.unit,
       coalesce(cell.count, 0)::INTEGER, grid.simulated
FROM (
  SELECT span.city, span.geography, area.area, span.month_basis, span.outcome, span.unit, span.simulated,
         unnest(generate_series(span.first_month, span.last_month, INTERVAL 1 MONTH))::DATE AS month
  FROM count_span AS span
  JOIN core_area AS area ON area.city = span.city AND area.geography = span.geography
) AS grid
LEFT JOIN cell_count AS cell
  ON cell.city = grid.city AND cell.geography = grid.geography AND cell.area = grid.area
  AND cell.month = grid.month AND cell.month_basis = grid.month_basis AND cell.outcome = grid.outcome
  AND cell.unit = grid.unit

-- name: make_out_weekday_hour
INSERT INTO out_weekday_hour
SELECT grid.city, grid.outcome, grid.unit, grid.weekday, grid.hour, coalesce(counted.count, 0)::INTEGER,
       grid.first_month, grid.last_month, grid.simulated
FROM (
  SELECT DISTINCT city, outcome, unit, first_month, last_month, simulated,
         weekday.weekday::INTEGER AS weekday, hour.hour::INTEGER AS hour
  FROM weekday_hour_count
  CROSS JOIN (SELECT unnest(generate_series(1, 7)) AS weekday) AS weekday
  CROSS JOIN (SELECT unnest(generate_series(0, 23)) AS hour) AS hour
) AS grid
LEFT JOIN weekday_hour_count AS counted
  ON counted.city = grid.city AND counted.outcome = grid.outcome AND counted.unit = grid.unit
  AND counted.weekday = grid.weekday AND counted.hour = grid.hour
ORDER BY grid.city, grid.outcome, grid.unit, grid.weekday, grid.hour

-- name: make_day_cell
-- Each date and kind of area in a pass of its own: cells of all of them together would be as many as the rows.
CREATE OR REPLACE TEMP TABLE day_cell AS
SELECT outcome, 'occurred' AS date_basis, occurred_at::DATE AS date, 'city' AS geography, $city AS area,
       count(*) AS incidents, sum(victims)::BIGINT AS victims
FROM core_incident
WHERE source = $source AND occurred_at IS NOT NULL
GROUP BY outcome, occurred_at::DATE
UNION ALL
SELECT outcome, 'reported', reported_at::DATE, 'city', $city, count(*), sum(victims)::BIGINT
FROM core_incident
WHERE source = $source AND reported_at IS NOT NULL
GROUP BY outcome, reported_at::DATE
UNION ALL
SELECT outcome, 'occurred', occurred_at::DATE, 'neighborhood', neighborhood, count(*), sum(victims)::BIGINT
FROM core_incident
WHERE source = $source AND occurred_at IS NOT NULL AND neighborhood IS NOT NULL
  AND NOT starts_with(outcome, 'domestic_')
GROUP BY outcome, occurred_at::DATE, neighborhood
UNION ALL
SELECT outcome, 'reported', reported_at::DATE, 'neighborhood', neighborhood, count(*), sum(victims)::BIGINT
FROM core_incident
WHERE source = $source AND reported_at IS NOT NULL AND neighborhood IS NOT NULL
  AND NOT starts_with(outcome, 'domestic_')
GROUP BY outcome, reported_at::DATE, neighborhood

-- name: insert_daily_counts
-- By day: the whole city, and each neighborhood but of domestic outcomes (few enough a day to be read as cases).
INSERT INTO daily_count
SELECT $city, cell.geography, cell.area, cell.date, cell.date_basis, cell.outcome, span.unit,
       CASE WHEN span.unit = 'victims' THEN cell.victims ELSE cell.incidents END
FROM day_cell AS cell
JOIN count_span AS span
  ON span.city = $city AND span.geography = cell.geography AND span.outcome = cell.outcome
  AND span.month_basis = cell.date_basis

-- name: make_out_daily
-- City totals by day with their zeros, for windows that do not end with a month.
INSERT INTO out_daily
SELECT grid.city, 'city', grid.city, grid.date, grid.month_basis, grid.outcome, grid.unit,
       coalesce(day.count, 0)::INTEGER, grid.simulated
FROM (
  SELECT city, month_basis, outcome, unit, simulated,
         unnest(generate_series(first_month, last_day(last_month), INTERVAL 1 DAY))::DATE AS date
  FROM count_span
  WHERE geography = 'city' AND unit <> 'calls'
    AND EXISTS (SELECT 1 FROM daily_count AS any_day
                WHERE any_day.city = count_span.city AND any_day.geography = 'city'
                  AND any_day.outcome = count_span.outcome AND any_day.unit = count_span.unit
                  AND any_day.date_basis = count_span.month_basis)
) AS grid
LEFT JOIN daily_count AS day
  ON day.city = grid.city AND day.geography = 'city' AND day.date = grid.date
  AND day.date_basis = grid.month_basis AND day.outcome = grid.outcome AND day.unit = grid.unit

-- name: make_out_daily_neighborhoods
-- Only days with an event: with their zeros, 87 neighborhoods would be thirty times as many rows.
INSERT INTO out_daily
SELECT day.city, day.geography, day.area, day.date, day.date_basis, day.outcome, day.unit, day.count::INTEGER,
       span.simulated
FROM daily_count AS day
JOIN count_span AS span
  ON span.city = day.city AND span.geography = day.geography AND span.outcome = day.outcome
  AND span.unit = day.unit AND span.month_basis = day.date_basis
  AND day.date BETWEEN span.first_month AND last_day(span.last_month)
JOIN core_area AS area ON area.city = day.city AND area.geography = day.geography AND area.area = day.area
WHERE day.geography = 'neighborhood' AND day.unit <> 'calls' AND day.count > 0

-- name: insert_triangle
-- Known after k months, for every k that lies inside the complete months; and which months are still provisional.
INSERT INTO out_triangle
WITH lag AS (
  SELECT outcome, occurred_month AS month,
         greatest(date_diff('month', occurred_month, reported_month), 0) AS months_late, sum(incidents) AS cases
  FROM month_cell
  WHERE source = $source AND occurred_month IS NOT NULL AND reported_month IS NOT NULL
  GROUP BY outcome, occurred_month, greatest(date_diff('month', occurred_month, reported_month), 0)
),
cell AS (
  SELECT span.outcome, grid.month, grid.months_after, span.last_month,
         coalesce(sum(lag.cases) FILTER (WHERE lag.months_late <= grid.months_after), 0) AS known,
         coalesce(sum(lag.cases) FILTER (
           WHERE lag.months_late <= date_diff('month', grid.month, span.last_month)), 0) AS latest
  FROM (SELECT DISTINCT outcome, first_month, last_month FROM count_span
        WHERE city = $city AND geography = 'city' AND month_basis = 'reported'
          -- a city may have its outcomes in several sources, each with a triangle of its own
          AND outcome IN (SELECT outcome FROM month_cell WHERE source = $source)) AS span
  CROSS JOIN LATERAL (
    SELECT month::DATE AS month, unnest(range(0, 7)) AS months_after
    FROM (SELECT unnest(generate_series(span.first_month, span.last_month, INTERVAL 1 MONTH)) AS month)
  ) AS grid
  LEFT JOIN lag ON lag.outcome = span.outcome AND lag.month = grid.month
  WHERE date_diff('month', grid.month, span.last_month) >= grid.months_after
    AND span.outcome <> 'near_repeat_shooting'
  GROUP BY span.outcome, grid.month, grid.months_after, span.last_month
),
settled AS (
  -- After how many months 99 % of the cases of older months were known.
  SELECT outcome, min(months_after) AS months_needed
  FROM (
    SELECT outcome, months_after, sum(known) / nullif(sum(latest), 0) AS share
    FROM cell
    WHERE date_diff('month', month, last_month) >= 12
    GROUP BY outcome, months_after
  )
  WHERE share >= 0.99
  GROUP BY outcome
)
SELECT $city, cell.outcome, cell.month, cell.months_after, cell.known::INTEGER, cell.latest::INTEGER,
       date_diff('month', cell.month, cell.last_month) < coalesce(settled.months_needed, 7), $simulated
FROM cell
LEFT JOIN settled ON settled.outcome = cell.outcome
