"""Intervals for the average effect of one fitted series, each by its name in a spec."""
