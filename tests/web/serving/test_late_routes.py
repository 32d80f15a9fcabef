"""Routes whose modules are imported when somebody asks for them."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.serving.activity import Activity
from ml_tracking_ops.web.serving.late_routes import LateRoutes, load_when_quiet

NAME = "a_module_of_routes"
LATE = [one for one in create_app(Path("runs")).routes if isinstance(one, LateRoutes)]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that counts how often its state was kept."""
    found: Any = ModuleType(NAME)

    def keep_state(state: Any) -> None:
        state.n_kept = getattr(state, "n_kept", 0) + 1

    async def show(request: Request) -> Response:
        return PlainTextResponse(f"{request.path_params['name']} {request.app.state.n_kept}")

    found.keep_state = keep_state
    found.routes = [Route("/late/{name:path}", show)]
    monkeypatch.setitem(sys.modules, NAME, found)
    return found


def answers(*requests: tuple[str, str]) -> list[httpx.Response]:
    """Send requests at once to an app with late routes, and return the answers."""
    app = Starlette(routes=[LateRoutes(NAME, "/late")])
    found: dict[int, httpx.Response] = {}

    async def send_all() -> None:
        transport = httpx.ASGITransport(app=app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
            anyio.create_task_group() as tasks,
        ):

            async def send(index: int, method: str, path: str) -> None:
                found[index] = await client.request(method, path)

            for index, (method, path) in enumerate(requests):
                tasks.start_soon(send, index, method, path)

    anyio.run(send_all)
    return [found[index] for index in range(len(requests))]


@pytest.mark.usefixtures("module")
def test_state_is_kept_once_however_many_ask_at_first() -> None:
    found = answers(*[("GET", f"/late/{name}") for name in "abc"])
    assert [one.text for one in found] == ["a 1", "b 1", "c 1"]


@pytest.mark.usefixtures("module")
def test_unknown_addresses_and_methods_are_refused_as_by_any_router() -> None:
    unknown, similar, method = answers(("GET", "/late"), ("GET", "/later/a"), ("POST", "/late/a"))
    assert (unknown.status_code, similar.status_code, method.status_code) == (307, 404, 405)


def test_module_of_other_addresses_is_not_imported() -> None:
    (found,) = answers(("GET", "/other"))  # there is no module of that name
    assert found.status_code == 404


@pytest.mark.usefixtures("module")
def test_modules_are_imported_after_the_first_answer_and_a_broken_one_harms_no_other() -> None:
    routes = [LateRoutes("no_such_module", "/none"), LateRoutes(NAME, "/late")]
    state, activity = State(), Activity()

    async def load() -> list[bool]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(load_when_quiet, routes, state, activity)
            activity.begin()
            await anyio.sleep(0.3)
            loaded = [hasattr(state, "n_kept")]
            activity.end()
        return [*loaded, hasattr(state, "n_kept")]

    assert anyio.run(load) == [False, True]


@pytest.mark.parametrize("late", LATE, ids=lambda late: late.module.rpartition("web.")[2])
def test_all_routes_of_a_module_can_be_reached(late: LateRoutes) -> None:
    starts = tuple(f"{path}/" for path in late.paths)
    paths = [f"{route.path}/" for route in import_module(late.module).routes]
    assert paths
    for path in paths:
        assert path.startswith(starts)
        earlier = LATE[: LATE.index(late)]
        assert not [one for one in earlier for start in one.paths if path.startswith(f"{start}/")]


def test_new_dashboard_imports_no_page_but_the_first() -> None:
    script = (
        "import sys, ml_tracking_ops.web.server;"
        "print(*[name for name in sys.modules if name in sys.argv])"
    )
    command = [sys.executable, "-c", script, "markdown_it", *(late.module for late in LATE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
