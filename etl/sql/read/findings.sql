-- name: claims
SELECT claim.claim, claim.position, claim.program, claim.city, claim.words, claim.who, claim.speaker, claim.said,
       claim.source, claim.would_test, claim.test, claim.rule, claim.needs, verdict.verdict, verdict.reason,
       verdict.claimed, verdict.computed, verdict.lower_95, verdict.upper_95, verdict.unit, verdict.figures_json
FROM out_claim AS claim
JOIN out_claim_verdict AS verdict ON verdict.claim = claim.claim
ORDER BY claim.position

-- name: published_results
SELECT *
FROM out_published_result
ORDER BY intervention DESC, place, year, result

-- name: evidence_summaries
SELECT *
FROM out_evidence_summary
ORDER BY outcome DESC, summary

-- name: evidence_local
SELECT local.*, estimate.analysis, estimate.phase, estimate.outcome, estimate.unit, estimate.catchment
FROM out_evidence_local AS local
JOIN out_estimate AS estimate ON estimate.estimate_id = local.estimate_id
ORDER BY local.estimate_id

-- name: funding_review
SELECT kind, figure, basis, status, reason, value, lower_95, upper_95, unit, amount_usd, denominator,
       denominator_unit, inputs_json
FROM out_funding_review
WHERE program = $program
ORDER BY kind, figure, basis

-- name: request_counts
-- Requests in the whole city: an empty n is protected.
SELECT period_kind, period, measure, attribute, attribute_value, n, n_flag
FROM out_request
WHERE program = $program AND geography = 'city'
ORDER BY period_kind, period, measure, attribute, attribute_value

-- name: request_areas
SELECT geography, area, period, n, n_flag
FROM out_request
WHERE program = $program AND geography <> 'city' AND measure = 'requests' AND attribute = 'all'
ORDER BY geography, area, period

-- name: add_area_requests
-- Requests to add an area to a route, by area and year: an empty n is protected.
SELECT geography, area, period, n, n_flag
FROM out_request
WHERE program = $program AND measure = 'add_area_requests'
ORDER BY geography, area, period

-- name: call_counts
-- 911 calls on which teams go with police: by year, and by hour band, outcome or police district.
SELECT geography, area, period, measure, attribute, attribute_value, n, n_flag
FROM out_request
WHERE program = $program AND measure IN ('calls_911', 'answered_calls_911')
ORDER BY geography, area, period, measure, attribute, attribute_value

-- name: request_times
SELECT *
FROM out_request_time
WHERE program = $program AND geography = 'city'
ORDER BY period_kind, period, measure, attribute, attribute_value

-- name: replication
SELECT program, position, step, log_rate_ratio, standard_error, rate_ratio, lower_95, upper_95, cells
FROM out_replication
ORDER BY program, position
