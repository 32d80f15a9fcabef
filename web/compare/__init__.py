"""The page that compares runs of any kind: settings, results, charts and outputs.

May import every other room of `web`, and what `web` may import. Only `app.py` imports this one.
"""
