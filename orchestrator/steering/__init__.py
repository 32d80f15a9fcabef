"""Requests of users to a running sweep: request files, the decisions, waiting for the answer.

May import `logger`, `errors` and `store`.
"""
