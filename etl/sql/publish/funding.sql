-- name: averted_estimates
-- Headline estimates of shootings with a count of shootings averted.
SELECT estimate_id, phase, unit, expected, averted, averted_lower_95, averted_upper_95
FROM out_estimate
WHERE program = $program AND role = 'headline' AND status = 'estimated' AND outcome = 'gunshot'
  AND analysis IN ('gunshot_incidents_' || phase, 'gunshot_victims_' || phase)
  AND averted IS NOT NULL AND averted_lower_95 IS NOT NULL AND averted_upper_95 IS NOT NULL
ORDER BY estimate_id

-- name: payments_in_phase
-- Payments for work that began in the phase. An open phase ends with the last payment.
SELECT sum(funding.amount_usd) AS amount_usd
FROM core_funding AS funding
JOIN core_phase AS phase ON phase.program = funding.program
WHERE funding.program = $program AND phase.phase = $phase AND funding.kind = 'payment'
  AND date_trunc('month', coalesce(funding.period_start, funding.date)) >= phase.first_month
  AND (phase.last_month IS NULL OR date_trunc('month', coalesce(funding.period_start, funding.date)) <= phase.last_month)

-- name: recent_months
-- Incidents by month of the headline service areas over the last months of the series.
SELECT monthly.month, sum(monthly.count) AS incidents
FROM out_monthly AS monthly
JOIN core_catchment AS catchment
  ON catchment.geography = monthly.geography AND catchment.area = monthly.area
WHERE catchment.program = $program AND catchment.reading = $reading AND monthly.city = $city
  AND monthly.outcome = 'gunshot' AND monthly.unit = 'incidents' AND monthly.month_basis = 'occurred'
GROUP BY monthly.month
ORDER BY monthly.month DESC
LIMIT 24

-- name: hours_of_week
SELECT weekday, hour, count
FROM out_weekday_hour
WHERE city = $city AND outcome = 'gunshot' AND unit = $unit
