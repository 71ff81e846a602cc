-- name: release
SELECT * FROM meta_release

-- name: loads
SELECT * FROM meta_load ORDER BY load_id

-- name: sources
-- optional: city
SELECT * FROM out_source WHERE ($city IS NULL OR city = $city) ORDER BY city, source

-- name: quality
-- optional: city, source
SELECT city, source, figure, value, base, note
FROM out_quality
WHERE ($city IS NULL OR city = $city) AND ($source IS NULL OR source = $source)
ORDER BY city, source, figure

-- name: cities
SELECT area AS city, name, simulated FROM core_area WHERE geography = 'city' ORDER BY simulated, area

-- name: table_names
SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY table_name

-- name: revisions
-- optional: source
SELECT source, outcome, earlier, later, change, cases, victims
FROM out_revision
WHERE city = $city AND ($source IS NULL OR source = $source)
ORDER BY source, outcome, earlier, later, change

-- name: series_counts
-- optional: source, area
SELECT source, geography, area, month, measure, count
FROM core_series_count
WHERE city = $city AND ($source IS NULL OR source = $source) AND ($area IS NULL OR area = $area)
ORDER BY source, geography, area, month, measure

-- name: covariates
-- optional: measure
SELECT source, measure, date, value, unit
FROM core_covariate
WHERE city = $city AND ($measure IS NULL OR measure = $measure)
ORDER BY measure, date

-- name: last_months_of_cities
SELECT city, max(month) AS last_month FROM out_monthly WHERE count IS NOT NULL GROUP BY city ORDER BY city
