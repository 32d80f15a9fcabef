"""Which combinations to try: the space, its distributions and constraints, and what comes next.
Imports `store` and `errors`; the samplers are in `search.samplers`."""
