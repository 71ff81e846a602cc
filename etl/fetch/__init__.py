"""Live fetch: pages of an open-data portal into one file, the raw answers kept, resumable."""
