"""What lies on disk: the journal, the states folded from it, the catalog, annotations, the watcher.

Imports `logger` and `orchestrator.errors` only."""
