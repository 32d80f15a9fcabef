"""Routes whose modules are imported after the first answer, or when somebody asks for one of them.

So a new dashboard shows its first page before the code of the others is there.
"""

from collections.abc import Iterable
from importlib import import_module

import anyio
import anyio.to_thread
from starlette.datastructures import State
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

from .activity import Activity

_QUIET_S = 0.1
"""How long no request may have come before a module is imported."""


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
        router = self._router or await self.load(scope["app"].state)
        await router(scope, receive, send)

    async def load(self, state: State) -> Router:
        """Import the module unless that was done, and return its routes."""
        async with self._lock:
            if self._router is None:
                module = await anyio.to_thread.run_sync(import_module, self.module)
                if keep_state := getattr(module, "keep_state", None):
                    keep_state(state)
                self._router = Router(module.routes)
            return self._router


async def load_when_quiet(routes: Iterable[LateRoutes], state: State, activity: Activity) -> None:
    """Import all modules, one by one, after the first answer and while no requests come.

    So an upgrade of the package changes no code under a server that runs.
    """
    for one in routes:
        await activity.wait_until_quiet(_QUIET_S)
        try:
            await one.load(state)
        except Exception:  # noqa: BLE001 - a request for one of them raises it again
            continue
