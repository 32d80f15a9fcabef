"""Digests of logs in the user's cache folder, so that no log is read twice.

`condensing` decides which points are kept (pure), `digest` holds them for one log, `encoding` turns
them into bytes and back, `log_digests` finds, extends and stores them. May import `logger`,
`orchestrator.store`, and of `series` what thins points.
"""
