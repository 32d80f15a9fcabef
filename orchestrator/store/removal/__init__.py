"""Archive and delete what is not running: in a folder only the files that our processes wrote.

May import `logger`, `errors` and the other modules of `store`.
"""
