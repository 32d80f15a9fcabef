"""Work ends when its client has gone."""

import anyio
import pytest
from starlette.responses import PlainTextResponse

from ml_tracking_ops.web.serving.departed_clients import EndWithClient

GET = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}


async def no_send(message: object) -> None:
    pass


@pytest.mark.anyio
async def test_work_of_a_client_that_goes_is_cancelled():
    has_begun, was_cancelled = anyio.Event(), anyio.Event()

    async def slow(scope, receive, send):
        has_begun.set()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            was_cancelled.set()
            raise

    async def receive():
        await has_begun.wait()
        return {"type": "http.disconnect"}

    with anyio.fail_after(10):
        await EndWithClient(slow)(GET, receive, no_send)
    assert was_cancelled.is_set()


@pytest.mark.anyio
async def test_answers_and_errors_are_passed_on():
    async def receive():
        await anyio.sleep_forever()

    sent = []

    async def send(message):
        sent.append(message)

    async def broken(scope, receive, send):
        raise ZeroDivisionError

    with anyio.fail_after(10):
        await EndWithClient(PlainTextResponse("hello"))(GET, receive, send)
        with pytest.raises(ZeroDivisionError):
            await EndWithClient(broken)(GET, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
