-- name: provider_months
SELECT provider, name, month, contracted_hours, logged_hours, overlapping_hours, shifts, records_due,
       records_on_time, records_late, paid_usd, simulated
FROM out_provider
WHERE program = $program
ORDER BY provider, month
