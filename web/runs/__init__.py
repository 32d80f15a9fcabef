"""A run or an experiment on the pages: its row, colour, links, formatted values.

May import `serving`, besides `logger`, `orchestrator.store` and `orchestrator.reports`.
"""
