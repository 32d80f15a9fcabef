"""What a sweep is to find, and how good what it found is: objectives, constraints, the front.

May import `logger`, `expressions`, and of `store` what describes runs and their values.
"""
