"""Read and write files whose folder others may change: identities, open folders, checks.

Nothing here knows what a sweep is. The other modules of `store` do. May import `logger`.
"""
