"""When the server has nothing to answer."""

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from ml_tracking_ops.web.serving.activity import Activity, CountWaiting

pytestmark = pytest.mark.anyio


@pytest.fixture
def activity() -> Activity:
    return Activity()


@pytest.fixture
def released() -> anyio.Event:
    return anyio.Event()


@pytest.fixture
def client(activity: Activity, released: anyio.Event) -> httpx.AsyncClient:
    async def slow(request: Request) -> PlainTextResponse:
        await released.wait()
        return PlainTextResponse("done")

    async def stream(request: Request) -> StreamingResponse:
        async def parts():
            yield b"first"
            await released.wait()

        return StreamingResponse(parts())

    async def fails(request: Request) -> PlainTextResponse:
        raise ValueError("a defect")

    app = Starlette(
        routes=[Route("/slow", slow), Route("/stream", stream), Route("/fails", fails)],
        middleware=[Middleware(CountWaiting, activity=activity)],
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def is_quiet(activity: Activity) -> bool:
    with anyio.move_on_after(0.05):
        await activity.wait_until_quiet()
        return True
    return False


async def test_not_quiet_before_the_first_answer_and_while_a_request_waits(
    client: httpx.AsyncClient, activity: Activity, released: anyio.Event
) -> None:
    assert not await is_quiet(activity)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/slow")
        assert not await is_quiet(activity)
        released.set()
        await activity.wait_until_quiet()


async def test_stream_that_has_begun_is_quiet(
    client: httpx.AsyncClient, activity: Activity, released: anyio.Event
) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/stream")
        await activity.wait_until_quiet()
        assert not released.is_set()
        released.set()


async def test_failed_request_no_longer_waits(
    client: httpx.AsyncClient, activity: Activity
) -> None:
    assert (await client.get("/fails")).status_code == 500
    assert await is_quiet(activity)


async def test_recent_request_is_no_quiet(
    client: httpx.AsyncClient, activity: Activity, released: anyio.Event
) -> None:
    released.set()
    await client.get("/slow")
    with anyio.move_on_after(0.05) as scope:
        await activity.wait_until_quiet(60.0)
    assert scope.cancelled_caught
    await activity.wait_until_quiet(0.01)
