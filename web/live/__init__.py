"""The live feed: one watcher for all open pages, file events → server-sent events.

May import `serving`, `runs`, `series` and `groups`, besides `logger` and `orchestrator.store`.
"""
