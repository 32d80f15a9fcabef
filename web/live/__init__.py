"""The live feed: one watcher for all open pages, file events → server-sent events."""
