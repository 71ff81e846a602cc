-- name: source_table
-- Where the data of a city come from, how fresh they are, what was dropped.
SELECT source, title, publisher, url, licence, rows_read, rows_accepted, rows_duplicate, rows_rejected,
       first_date, last_date, last_complete_month
FROM out_source
WHERE city = $city
ORDER BY title

-- name: city_totals
-- Totals by outcome, unit and year, to set two releases beside each other.
SELECT outcome, unit, year(month) AS year, sum(count)::BIGINT AS total
FROM out_monthly
WHERE city = $city AND geography = 'city' AND month_basis = 'occurred'
GROUP BY outcome, unit, year(month)
ORDER BY outcome, unit, year
