"""Means and spreads over groups of runs. Imports `series` and `runs`."""
