"""Batched numerics: many series at once, one row a series. Arrays in, arrays out, no frames."""
