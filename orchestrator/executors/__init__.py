"""What starts and stops runs: one interface, and a room for each engine.

May import `logger`, `errors`, `supervision` and `store`.
"""
