-- name: hot_spots
-- optional: outcome
SELECT spot.geography, spot.area, area.name, spot.outcome, spot.unit, spot.first_month, spot.last_month, spot.months,
       spot.count, spot.level, spot.lower_95, spot.upper_95, spot.weight_own, spot.rank, spot.rank_lower_95,
       spot.rank_upper_95, spot.top_areas, spot.chance_in_top
FROM out_hot_spot AS spot
LEFT JOIN core_area AS area
  ON area.city = spot.city AND area.geography = spot.geography AND area.area = spot.area
WHERE spot.city = $city AND ($outcome IS NULL OR spot.outcome = $outcome)
ORDER BY spot.outcome, spot.level DESC, spot.area

-- name: route_accuracy
SELECT geography, period_kind, period, quarters, choice, chosen, areas, inside, incidents, share, lower_95, upper_95,
       share_by_chance, best_share, accuracy_index, efficiency, hours_share
FROM out_route_accuracy
WHERE program = $program
ORDER BY period_kind, period, choice

-- name: route_curve
SELECT geography, period_kind, period, choice, areas_in, share_of_areas, share_of_incidents
FROM out_route_curve
WHERE program = $program
ORDER BY period_kind, period, choice, areas_in

-- name: route_coverage
-- Hours worked and shootings by area, in the last quarter shown.
SELECT quarter, geography, area, hours, hours_share, incidents, incidents_year_before, risk_rank
FROM out_route_coverage
WHERE program = $program AND geography = $geography
ORDER BY quarter, area

-- name: forecast_check
SELECT *
FROM out_forecast_check
WHERE city = $city
ORDER BY deviance

-- name: forecast_bins
SELECT *
FROM out_forecast_bin
WHERE city = $city
ORDER BY geography, bin
