"""The pages and their routes, the actions on them, and downloads.

May import every other room of `web`, and what `web` may import. Only `app.py` imports this one.
"""
