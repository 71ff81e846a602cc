-- name: areas
-- optional: geography
SELECT geography, area, name, valid_years, tile_row, tile_column, simulated
FROM core_area
WHERE city = $city AND ($geography IS NULL OR geography = $geography)
ORDER BY geography, area

-- name: area_links
-- optional: link
SELECT link, from_geography, from_area, to_geography, to_area, share
FROM core_area_link
WHERE city = $city AND ($link IS NULL OR link = $link)
ORDER BY link, from_geography, from_area, to_geography, to_area

-- name: population
-- optional: geography
SELECT geography, area, year, residents, margin_of_error, source
FROM core_population
WHERE city = $city AND ($geography IS NULL OR geography = $geography)
ORDER BY geography, area, year
