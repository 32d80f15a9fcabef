"""The pages and their routes, what a person can do on them, and downloads.

May import every other room of `web`, and what `web` may import. Only `app.py` imports this one.
"""
