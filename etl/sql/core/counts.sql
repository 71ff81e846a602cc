-- name: make_tables
-- Ready-made counts on their way to out_monthly, and over which months an area without a count is a zero.
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
-- The measures that rows are counted by, and their counts. They are joined by number, which costs a third of names.
CREATE TEMP TABLE measure (
  number BIGINT, city VARCHAR, geography VARCHAR, month_basis VARCHAR, outcome VARCHAR, unit VARCHAR
);
CREATE TEMP TABLE measured_count (number BIGINT, area VARCHAR, month DATE, count BIGINT);
CREATE TEMP TABLE daily_count (
  city VARCHAR, geography VARCHAR, area VARCHAR, date DATE, date_basis VARCHAR, outcome VARCHAR, unit VARCHAR,
  count BIGINT
);
-- Versions of remembered cases that a feed of changes ends, and the sources with such a feed.
CREATE TEMP TABLE ended_version (
  source VARCHAR, outcome VARCHAR, case_number VARCHAR, occurred_at TIMESTAMP, reported_at TIMESTAMP, victims INTEGER,
  kind VARCHAR, neighborhood VARCHAR, community VARCHAR, ward VARCHAR, precinct VARCHAR, zone VARCHAR, longitude DOUBLE,
  latitude DOUBLE, placed_by VARCHAR, version_row BIGINT
);
CREATE TEMP TABLE source_onto (source VARCHAR, city VARCHAR, load_id INTEGER, simulated BOOLEAN)

-- name: changed_month_cell
-- Cells that counts are sums of: what a load adds to them, which of a first load is all.
-- row_to_count: rows that came (sign 1) and rows that went (sign -1).
SELECT outcome, date_trunc('month', occurred_at)::DATE AS occurred_month,
       date_trunc('month', reported_at)::DATE AS reported_month, neighborhood, community, ward, precinct, zone,
       sum(sign)::BIGINT AS incidents, sum(sign * victims)::BIGINT AS victims
FROM row_to_count
GROUP BY outcome, date_trunc('month', occurred_at)::DATE, date_trunc('month', reported_at)::DATE, neighborhood,
         community, ward, precinct, zone

-- name: changed_hour_cell
SELECT outcome, date_trunc('month', occurred_at)::DATE AS occurred_month, isodow(occurred_at) AS weekday,
       hour(occurred_at) AS hour, sum(sign)::BIGINT AS incidents, sum(sign * victims)::BIGINT AS victims
FROM row_to_count
WHERE occurred_at IS NOT NULL
GROUP BY outcome, date_trunc('month', occurred_at)::DATE, isodow(occurred_at), hour(occurred_at)

-- name: merged_month_cell
SELECT source, outcome, occurred_month, reported_month, neighborhood, community, ward, precinct, zone,
       sum(incidents)::BIGINT AS incidents, sum(victims)::BIGINT AS victims
FROM month_cell
GROUP BY source, outcome, occurred_month, reported_month, neighborhood, community, ward, precinct, zone
HAVING sum(incidents) <> 0

-- name: merged_hour_cell
SELECT source, outcome, occurred_month, weekday, hour, sum(incidents)::BIGINT AS incidents,
       sum(victims)::BIGINT AS victims
FROM hour_cell
GROUP BY source, outcome, occurred_month, weekday, hour
HAVING sum(incidents) <> 0

-- name: changed_sums
-- What the quality figures are counted of, by outcome. row_to_count as above; $zone: the clock the times are of.
WITH uneven_day AS MATERIALIZED (
  -- Days that are not 24 hours long: only then is an hour skipped, or does one come twice.
  SELECT day::DATE AS day
  FROM (
    SELECT unnest(generate_series(min(occurred_at)::DATE::TIMESTAMP, max(occurred_at), INTERVAL 1 DAY)) AS day
    FROM row_to_count
  )
  WHERE epoch(timezone($zone, day + INTERVAL 1 DAY)) - epoch(timezone($zone, day)) <> 86400
),
uneven AS (
  SELECT outcome,
         sum(sign) FILTER (WHERE timezone($zone, timezone($zone, occurred_at)) <> occurred_at) AS skipped_hour,
         sum(sign) FILTER (WHERE timezone($zone, timezone($zone, occurred_at) + INTERVAL 1 HOUR) = occurred_at
           OR timezone($zone, timezone($zone, occurred_at) - INTERVAL 1 HOUR) = occurred_at) AS hour_twice
  FROM row_to_count
  WHERE occurred_at::DATE IN (SELECT day FROM uneven_day)
  GROUP BY outcome
),
counted AS (
  SELECT outcome, sum(sign) AS cases, sum(sign * victims) AS victims,
         sum(sign) FILTER (WHERE neighborhood IS NULL) AS no_neighborhood,
         sum(sign) FILTER (WHERE ward IS NULL) AS no_ward,
         sum(sign) FILTER (WHERE precinct IS NULL) AS no_precinct,
         sum(sign) FILTER (WHERE neighborhood IS NULL OR placed_by LIKE '%neighborhood%') AS neighborhood_unlabelled,
         sum(sign) FILTER (WHERE ward IS NULL OR placed_by LIKE '%ward%') AS ward_unlabelled,
         sum(sign) FILTER (WHERE precinct IS NULL OR placed_by LIKE '%precinct%') AS precinct_unlabelled,
         sum(sign) FILTER (WHERE placed_by IS NOT NULL) AS placed,
         sum(sign) FILTER (WHERE longitude = 0 AND latitude = 0) AS at_zero,
         sum(sign) FILTER (WHERE longitude IS NULL) AS no_point,
         sum(sign) FILTER (WHERE occurred_at IS NULL) AS no_occurred,
         sum(sign) FILTER (WHERE reported_at IS NOT NULL
           AND date_trunc('month', occurred_at) <> date_trunc('month', reported_at)) AS other_month,
         sum(sign) FILTER (WHERE reported_at > occurred_at + INTERVAL 7 DAY) AS over_week
  FROM row_to_count
  GROUP BY outcome
)
SELECT counted.*, uneven.skipped_hour, uneven.hour_twice
FROM counted
LEFT JOIN uneven ON uneven.outcome = counted.outcome

-- name: sums_of_another_clock
SELECT 1 FROM store.outcome_sum WHERE source = $source AND time_zone <> $zone LIMIT 1

-- name: insert_sums
-- sum_now: sums of every case; outcome_extent: of the same cases what is no sum.
INSERT INTO outcome_sum BY NAME
SELECT $source AS source, $zone AS time_zone, 0 AS load_number, sum_now.*, extent.first_date, extent.last_date, extent.most_victims
FROM sum_now
LEFT JOIN outcome_extent AS extent ON extent.outcome = sum_now.outcome

-- name: number_measures
INSERT INTO measure
SELECT (SELECT count(*) FROM measure) + row_number() OVER (), city, geography, month_basis, outcome, unit
FROM count_span AS span
WHERE city = $city
  AND NOT EXISTS (SELECT 1 FROM measure AS there
                  WHERE there.city = span.city AND there.geography = span.geography
                    AND there.month_basis = span.month_basis AND there.outcome = span.outcome AND there.unit = span.unit)

-- name: insert_cell_counts
-- area_count: the cells of a source summed by kind of area and basis.
INSERT INTO measured_count
SELECT span.number, cell.area, cell.month, CASE WHEN span.unit = 'victims' THEN cell.victims ELSE cell.incidents END
FROM area_count AS cell
JOIN (
  SELECT measure.*, span.first_month, span.last_month
  FROM count_span AS span
  JOIN measure
    ON measure.city = span.city AND measure.geography = span.geography AND measure.month_basis = span.month_basis
    AND measure.outcome = span.outcome AND measure.unit = span.unit
  WHERE span.city = $city
) AS span
  ON span.geography = cell.geography AND span.outcome = cell.outcome AND span.month_basis = cell.month_basis
  AND cell.month BETWEEN span.first_month AND span.last_month

-- name: insert_weekday_hours
INSERT INTO weekday_hour_count
SELECT span.city, span.outcome, span.unit, cell.weekday, cell.hour,
       sum(CASE WHEN span.unit = 'victims' THEN cell.victims ELSE cell.incidents END), span.first_month,
       span.last_month, span.simulated
FROM hour_cell AS cell
JOIN count_span AS span
  ON span.city = $city AND span.outcome = cell.outcome AND span.geography = 'city'
  AND span.month_basis = 'occurred'
WHERE cell.occurred_month BETWEEN span.first_month AND span.last_month
GROUP BY span.city, span.outcome, span.unit, cell.weekday, cell.hour, span.first_month, span.last_month,
         span.simulated
HAVING sum(cell.incidents) <> 0

-- name: number_series
-- Each area and measure that has a row a month. Joined by number, its names are compared once, not every month.
CREATE OR REPLACE TEMP TABLE numbered_series AS
SELECT row_number() OVER () AS number, span.city, span.geography, area.area, span.month_basis, span.outcome, span.unit,
       span.simulated, span.first_month, span.last_month
FROM count_span AS span
JOIN core_area AS area ON area.city = span.city AND area.geography = span.geography

-- name: make_out_monthly
-- Calendar by area by outcome: a month without an event is a row with 0.
INSERT INTO out_monthly
SELECT series.city, series.geography, series.area, grid.month, series.month_basis, series.outcome, series.unit,
       grid.count, series.simulated
FROM (
  SELECT months.number, months.month, coalesce(cell.count, 0)::INTEGER AS count
  FROM (
    SELECT number, unnest(generate_series(first_month, last_month, INTERVAL 1 MONTH))::DATE AS month
    FROM numbered_series
  ) AS months
  LEFT JOIN numbered_count AS cell ON cell.number = months.number AND cell.month = months.month
) AS grid
JOIN numbered_series AS series ON series.number = grid.number

-- name: number_counts
CREATE OR REPLACE TEMP TABLE numbered_count AS
SELECT series.number, cell.month, cell.count
FROM cell_count AS cell
JOIN numbered_series AS series
  ON series.city = cell.city AND series.geography = cell.geography AND series.area = cell.area
  AND series.month_basis = cell.month_basis AND series.outcome = cell.outcome AND series.unit = cell.unit
UNION ALL
SELECT series.number, cell.month, cell.count
FROM measured_count AS cell
JOIN (
  SELECT series.number, series.area, measure.number AS measure
  FROM numbered_series AS series
  JOIN measure
    ON measure.city = series.city AND measure.geography = series.geography
    AND measure.month_basis = series.month_basis AND measure.outcome = series.outcome AND measure.unit = series.unit
) AS series ON series.measure = cell.number AND series.area = cell.area

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
FROM incident_now
WHERE source = $source AND occurred_at IS NOT NULL
GROUP BY outcome, occurred_at::DATE
UNION ALL
SELECT outcome, 'reported', reported_at::DATE, 'city', $city, count(*), sum(victims)::BIGINT
FROM incident_now
WHERE source = $source AND reported_at IS NOT NULL
GROUP BY outcome, reported_at::DATE
UNION ALL
SELECT outcome, 'occurred', occurred_at::DATE, 'neighborhood', neighborhood, count(*), sum(victims)::BIGINT
FROM incident_now
WHERE source = $source AND occurred_at IS NOT NULL AND neighborhood IS NOT NULL
  AND NOT starts_with(outcome, 'domestic_')
GROUP BY outcome, occurred_at::DATE, neighborhood
UNION ALL
SELECT outcome, 'reported', reported_at::DATE, 'neighborhood', neighborhood, count(*), sum(victims)::BIGINT
FROM incident_now
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
  WHERE occurred_month IS NOT NULL AND reported_month IS NOT NULL
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
          AND outcome IN (SELECT outcome FROM month_cell GROUP BY outcome HAVING sum(incidents) <> 0)) AS span
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
