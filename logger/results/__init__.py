"""Runs as objects, for notebooks and scripts.

May import the modules of the logger that read logs. It reads a sweep's journal itself: the
orchestrator, which reads more of it, is a layer above.
"""
