"""Notice that files change: by the kernel's events if there are any, else by polling.

`kernel.py` alone uses the private part of watchfiles. May import `logger` and `store.files`.
"""
