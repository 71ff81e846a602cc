-- name: of_outcomes
-- One row for each outcome and figure; a figure that does not apply is NULL.
SELECT outcome, figure.figure, figure.value, cases AS base, figure.note
FROM outcome_sum AS counted
CROSS JOIN LATERAL (VALUES
  ('neighborhood_label_missing', neighborhood_unlabelled, 'published without a neighborhood; placed by their point where they have one.'),
  ('ward_label_missing', ward_unlabelled, 'published without a ward; placed by their point where they have one.'),
  ('precinct_label_missing', precinct_unlabelled, 'published without a precinct; placed by their point where they have one.'),
  ('without_neighborhood', no_neighborhood, 'without a known neighborhood: in the city total only.'),
  ('without_ward', no_ward, 'without a known ward: in no ward total.'),
  ('without_precinct', no_precinct, 'without a known precinct: in no precinct total.'),
  ('placed_by_point', placed, 'without a label but with a point: placed in the area the point lies in.'),
  ('at_zero_zero', at_zero, 'with the point (0, 0): treated as no point; in the city total.'),
  ('without_point', no_point, 'published without a point.'),
  ('without_occurred_time', no_occurred, 'without a time of the event: in no occurred month.'),
  ('reported_in_another_month', other_month, 'reported in another month than they occurred in: both months are kept.'),
  ('reported_over_a_week_later', over_week, 'reported over a week after they occurred.'),
  ('in_the_skipped_hour', skipped_hour, 'timed in the hour that the clocks skip in March: kept as written.'),
  ('in_the_hour_that_comes_twice', hour_twice, 'timed in the hour that comes twice in November: kept as written.'),
  ('victims_in_all', victims, 'in the file, by their victims: unfinished first and last months included.'),
  ('most_victims_in_one_case', most_victims, 'the most victims that one case has.')
) AS figure(figure, value, note)
WHERE source = $source
ORDER BY outcome, figure.figure
