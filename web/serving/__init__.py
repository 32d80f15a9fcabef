"""The server: connections, access, security headers, assets, static files, server-sent events.

May import no other room of `web`, besides `logger`, `orchestrator.errors` and `orchestrator.store`.
"""
