"""A run or an experiment as the pages see it: its row, colour, links, formatted values.

May import `serving`, besides `logger`, `orchestrator.store` and `orchestrator.reports`.
"""
