"""Views that explain a sweep: history, parallel coordinates, scatter, importance, workers.

May import every other room of `web` except `pages`, besides `logger` and `orchestrator.store`.
"""
