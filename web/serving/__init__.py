"""The server: connections, access, security headers, third-party assets, static files, encoding of
server-sent events. Imports no other room of `web`."""
