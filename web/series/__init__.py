"""Points of metrics: read once, or ahead, thinned, packed, summarised.

May import `serving` and `runs`, besides `logger`, `orchestrator.store`, `orchestrator.expressions`
and `orchestrator.errors`.
"""
