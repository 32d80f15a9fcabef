"""Executors: what starts and stops runs."""
