"""Metrics of runs that write event files: which files are whose, and what is in them."""
