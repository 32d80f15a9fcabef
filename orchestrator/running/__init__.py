"""A sweep while it runs: scheduler, pool, lookout, run monitor, resumption.

May import `logger`, `errors` and every room but `reports`, `demo` and `cli`.
"""
