"""Start and stop runs: one interface, and a room for each engine.

May import `logger`, `errors`, `setting_types`, `supervision` and `store`.
"""
