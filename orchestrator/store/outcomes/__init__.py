"""The goals of a sweep, and the quality of its results: objectives, constraints, the front.

May import `logger`, `expressions`, and of `store` what describes runs and their values.
"""
