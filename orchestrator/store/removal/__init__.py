"""Archives and deletes what does not run: of a folder only the files that our processes wrote.

May import `logger`, `errors` and the other modules of `store`.
"""
