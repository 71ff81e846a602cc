-- name: simulated_never_joins_a_real_city
SELECT city, count(DISTINCT simulated)
FROM (
  SELECT city, simulated FROM core_area
  UNION ALL SELECT city, simulated FROM out_monthly
  UNION ALL SELECT city, simulated FROM out_weekday_hour
  UNION ALL SELECT city, simulated FROM out_estimate
  UNION ALL SELECT city, simulated FROM core_program
  UNION ALL SELECT city, simulated FROM out_source
)
GROUP BY city
HAVING count(DISTINCT simulated) > 1

-- name: links_lead_to_areas
SELECT link.city, link.from_geography, link.from_area
FROM core_area_link AS link
LEFT JOIN core_area AS area
  ON area.city = link.city AND area.geography = link.from_geography AND area.area = link.from_area
WHERE area.area IS NULL

-- name: rows_read_are_accounted_for
SELECT * FROM meta_load WHERE rows_read <> rows_accepted + rows_duplicate + rows_rejected

-- name: estimates_belong_to_a_program
SELECT estimate_id FROM out_estimate WHERE program NOT IN (SELECT program FROM core_program)
