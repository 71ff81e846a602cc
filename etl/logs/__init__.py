"""Outreach logs: templates, reading, row-by-row checks, the private store, and the tables that may leave it.

Order of the work: `forms` (which logs there are) → `reading` (files into cells) → `cells` (cells into values)
→ `row_checks`, `shift_checks`, `entry_checks` → `load` (all of it) → `private_store` → `publish`.
"""
