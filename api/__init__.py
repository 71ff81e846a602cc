"""The public HTTP interface, `/api/v1`: releases, tables, estimates, dictionary. Reading only."""
