"""Named views of a log folder: addresses of pages that users save, share and return to.

May import every other room of `web`, and what `web` may import. Only `app.py` imports this one.
"""
