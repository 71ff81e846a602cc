"""The invented city Larkhaven: a seeded generator of every kind of file this project reads.

`python -m etl.simulate --out data/simulated-city` writes the same bytes for the same seed. What was
planted (the effect, the shocks, the logging faults) stands in `truth.toml` beside the files.
Nothing in it is a real place, person or organization.
"""
