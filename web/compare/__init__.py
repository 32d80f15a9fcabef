"""The page on which runs of any kind are side by side: settings, results, charts and outputs.

May import every other room of `web`, and what `web` may import. Only `app.py` imports this one.
"""
