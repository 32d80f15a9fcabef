"""Choose combinations: the space, its distributions and constraints, and what comes next.

The samplers are in `search.samplers`. May import `logger`, `errors`, `expressions`,
`setting_types`, `store` and `stopping`.
"""
