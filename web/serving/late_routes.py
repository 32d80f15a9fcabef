"""Routes whose modules are imported when one of their addresses is first requested.

A new dashboard starts without the code of pages that nobody has opened.
"""

from importlib import import_module

import anyio
import anyio.to_thread
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send


class LateRoutes(BaseRoute):
    """The routes of a module: what its `routes` lists, once it has been imported.

    A function `keep_state` of the module is called with the state of the application before that.

    Args:
        module: its name.
        paths: the beginnings of the addresses of all its routes, each up to a `/` or the end.
    """

    def __init__(self, module: str, *paths: str) -> None:
        self.module, self.paths = module, paths
        self._router: Router | None = None
        self._lock = anyio.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        is_of_these = any(path == one or path.startswith(f"{one}/") for one in self.paths)
        return (Match.FULL if is_of_these else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._lock:
            router = self._router or await self._import(scope)
        await router(scope, receive, send)

    async def _import(self, scope: Scope) -> Router:
        module = await anyio.to_thread.run_sync(import_module, self.module)
        if keep_state := getattr(module, "keep_state", None):
            keep_state(scope["app"].state)
        self._router = Router(module.routes)
        return self._router
