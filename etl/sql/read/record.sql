-- name: record
-- The evidence ledger as far as this release holds it.
SELECT number, written_at, event, about_json, sha256 FROM out_ledger ORDER BY number
