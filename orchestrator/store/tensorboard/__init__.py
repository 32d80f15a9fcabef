"""Event files besides their metrics: who writes them, and what else is in them.

May import `logger` and `media_histories` of `store`.
"""
