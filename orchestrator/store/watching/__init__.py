"""Noticing that files change: by the kernel's events where there are some, else by looking.

`kernel.py` alone uses the private part of watchfiles. May import `logger` and `store.files`.
"""
