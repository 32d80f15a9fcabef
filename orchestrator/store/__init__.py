"""Data on disk: the journal, the states folded from it, the catalog, annotations, the watcher.

May import `logger`, `errors`, `expressions` and `supervision`.
"""
