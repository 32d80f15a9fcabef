"""The live stream: real files, a real server, clients that come, go and stall."""

import os
import random
import shutil
import socket
import threading
from functools import partial

import anyio
import anyio.lowlevel
import httpx
import pytest
from live import LIMIT_S, Page, StreamEnded, listening, serving, wait_until, write_at_pace

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.web.live import file_topics as topics
from ml_tracking_ops.web.live import subscriber
from ml_tracking_ops.web.live.events import parse_wanted
from ml_tracking_ops.web.live.feed import FollowRequest
from ml_tracking_ops.web.serving.limits import Limits

pytestmark = pytest.mark.anyio


def logged(path, metric="loss"):
    series = read_log(path)[metric]
    return list(zip(series.step.tolist(), series.value.tolist(), strict=True))


async def listen_until(page, reader, is_enough):
    with anyio.fail_after(LIMIT_S):
        while not is_enough():
            page.take(await reader.next())


async def test_point_arrives_on_an_open_page(tmp_path, logger, run_id):
    page = Page(run_id)
    async with serving(tmp_path) as dashboard, listening(dashboard.address, page.query) as reader:
        logger.add_scalar("loss", 0.5, 1)
        await listen_until(page, reader, lambda: page.n_points == 1)

    assert page.points == {"loss": [(1, 0.5)]}


async def test_stream_has_the_headers_that_keep_it_live(tmp_path):
    async with serving(tmp_path) as dashboard, listening(dashboard.address) as reader:
        assert reader.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert "no-cache" in reader.headers["cache-control"]
        assert reader.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in reader.headers


async def test_points_before_the_cursor_are_not_sent_again(tmp_path, logger, run_id):
    for step in range(100):
        logger.add_scalar("loss", step / 7, step)
    page = Page(run_id, cursor=os.path.getsize(logger.path))
    async with serving(tmp_path) as dashboard, listening(dashboard.address, page.query) as reader:
        logger.add_scalar("loss", 0.25, 100)
        await listen_until(page, reader, lambda: page.n_points)

    assert page.points == {"loss": [(100, 0.25)]}


async def test_values_that_are_not_finite_arrive_as_null(tmp_path, logger, run_id):
    page = Page(run_id)
    async with serving(tmp_path) as dashboard, listening(dashboard.address, page.query) as reader:
        for step, value in enumerate((float("nan"), float("inf"), float("-inf"), 1.0)):
            logger.add_scalar("loss", value, step)
        await listen_until(page, reader, lambda: page.n_points == 4)

    assert page.points["loss"] == [(0, None), (1, None), (2, None), (3, 1.0)]


@pytest.mark.parametrize("seed", range(4))
async def test_disconnects_lose_and_repeat_nothing(tmp_path, logger, run_id, seed):
    """A page that drops its connection at random moments, while a training writes on."""
    choose, page, n_points = random.Random(seed), Page(run_id), 1_500

    def train():
        write_at_pace(lambda step: logger.add_scalar("loss", step / 3, step), n_points, 1_500)

    async with serving(tmp_path) as dashboard, anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, train)
        while page.n_points < n_points and not page.is_thinned:
            async with listening(dashboard.address, page.query) as reader:
                for _ in range(choose.randrange(1, 40)):
                    page.take(await reader.next())
                    if page.n_points == n_points or page.is_thinned:
                        break

    assert page.n_resets == 0
    if not page.is_thinned:  # where this machine stalled, thinning is right
        assert page.points["loss"] == logged(logger.path)


async def test_server_restart_loses_and_repeats_nothing(tmp_path, logger, run_id):
    page, n_points = Page(run_id), 1_000

    def train():
        write_at_pace(lambda step: logger.add_scalar("loss", step / 3, step), n_points, 1_000)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, train)
        for enough in (200, 500, n_points):
            async with (
                serving(tmp_path) as dashboard,
                listening(dashboard.address, page.query) as reader,
            ):
                has_seen = partial(lambda n: page.n_points >= n or page.is_thinned, enough)
                await listen_until(page, reader, has_seen)

    if not page.is_thinned:
        assert page.points["loss"] == logged(logger.path)


async def test_many_pages_that_come_at_any_moment_see_the_same(tmp_path, logger, run_id):
    pages, n_points = [Page(run_id) for _ in range(8)], 800

    def train():
        write_at_pace(lambda step: logger.add_scalar("loss", step / 3, step), n_points, 1_000)

    async def look(page, address, from_point):
        await wait_until(lambda: os.path.getsize(logger.path) >= 32 * from_point)
        async with listening(address, page.query) as reader:
            await listen_until(page, reader, lambda: page.n_points == n_points or page.is_thinned)

    async with serving(tmp_path) as dashboard, anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, train)
        for number, page in enumerate(pages):
            tasks.start_soon(look, page, dashboard.address, number * 100)

    for page in pages:
        assert page.is_thinned or page.points["loss"] == logged(logger.path)


async def test_live_update_is_encoded_once_for_all_pages(tmp_path, logger, run_id, monkeypatch):
    encoded = []
    encode = topics.RunTopic._encode

    def counting(self, start, end, series, n_points):
        encoded.append((start, end))
        return encode(self, start, end, series, n_points)

    monkeypatch.setattr(topics.RunTopic, "_encode", counting)
    pages = [Page(run_id, cursor=os.path.getsize(logger.path)) for _ in range(20)]
    attached = []

    async def look(page, address):
        async with listening(address, page.query) as reader:
            attached.append(page)
            await listen_until(page, reader, lambda: page.n_points == 3)

    async with serving(tmp_path) as dashboard, anyio.create_task_group() as tasks:
        for page in pages:
            tasks.start_soon(look, page, dashboard.address)
        await wait_until(lambda: len(attached) == len(pages))
        await wait_until(lambda: all(s._attached for s in dashboard.feed._subscribers))
        for step in range(3):
            logger.add_scalar("loss", 1.0, step)

    assert len(encoded) == len(set(encoded)) <= 4  # a name, and three points


async def test_slow_reader_is_bounded_and_catches_up(tmp_path, logger, run_id):
    """A sleeping browser costs no more than its queue, and misses nothing afterwards."""
    page, n_points = Page(run_id), 60_000
    async with serving(tmp_path) as dashboard:
        with socket.create_connection(("127.0.0.1", dashboard.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            request = f"GET /events?run={run_id}:0 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            connection.sendall(request.encode())
            await wait_until(lambda: len(dashboard.feed._subscribers) == 1)
            (asleep,) = dashboard.feed._subscribers
            await wait_until(lambda: asleep._attached)
            most = 0
            for block in range(60):
                await anyio.to_thread.run_sync(add_block, logger, block * 1_000, 1_000)
                most = max(most, asleep._queued_bytes)
                await anyio.lowlevel.checkpoint()
            end = os.path.getsize(logger.path)
            connection.settimeout(LIMIT_S)
            await anyio.to_thread.run_sync(read_points, connection, page, end)

    assert most <= subscriber.QUEUE_BYTES
    assert page.cursor == end
    assert page.points["loss"][-1][0] == n_points - 1


def add_block(logger, first_step, n_points):
    for step in range(first_step, first_step + n_points):
        logger.add_scalar("loss", step / 3, step)


def read_points(connection, page, end):
    """Read a chunked response by hand until the page has arrived at `end`."""
    import json

    buffer = b""
    file = connection.makefile("rb")
    while file.readline().strip():
        pass
    while page.cursor < end:
        size = int(file.readline(), 16)
        buffer += file.read(size)
        file.readline()
        *blocks, buffer = buffer.split(b"\n\n")
        for block in blocks:
            if block.startswith(b"event: "):
                name, data = block.decode().split("\n")
                page.take((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    file.close()


async def test_many_points_are_thinned_but_a_spike_is_kept(tmp_path, logger, run_id):
    page = Page(run_id)
    await anyio.to_thread.run_sync(add_block, logger, 0, 20_000)
    logger.add_scalar("loss", 1e30, 20_000)
    await anyio.to_thread.run_sync(add_block, logger, 20_001, 20_000)
    end = os.path.getsize(logger.path)
    async with serving(tmp_path) as dashboard, listening(dashboard.address, page.query) as reader:
        await listen_until(page, reader, lambda: page.cursor == end)

    assert page.is_thinned
    assert page.n_points < 20_000
    assert (20_000, 1e30) in page.points["loss"]


async def test_replaced_file_starts_again(tmp_path, logger, run_id, monkeypatch):
    for step in range(50):
        logger.add_scalar("loss", 1.0, step)
    with ExperimentLogger(logdir=str(tmp_path / "elsewhere")) as other:
        other.add_scalar("accuracy", 0.9, 7)
    page = Page(run_id)
    async with serving(tmp_path) as dashboard, listening(dashboard.address, page.query) as reader:
        await listen_until(page, reader, lambda: page.n_points == 50)
        os.replace(other.path, logger.path)
        await listen_until(page, reader, lambda: "accuracy" in page.points)
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", logger.path)
        with ExperimentLogger() as successor:
            successor.add_scalar("accuracy", 0.95, 8)
        await listen_until(page, reader, lambda: page.n_points == 2)

    assert page.n_resets >= 1
    assert page.points == {"accuracy": [(7, 0.9), (8, 0.95)]}


async def test_cursor_beyond_the_end_starts_again(tmp_path, logger, run_id):
    logger.add_scalar("loss", 0.5, 1)
    page = Page(run_id, cursor=32 * 1_000)
    async with serving(tmp_path) as dashboard, listening(dashboard.address, page.query) as reader:
        await listen_until(page, reader, lambda: page.n_points)

    assert page.n_resets == 1
    assert page.points == {"loss": [(1, 0.5)]}


async def test_missing_item_is_reported_and_the_others_are_processed(tmp_path, logger, run_id):
    query = (("run", "gone:32"), ("run", f"{run_id}:0"), ("sweep", "no"), ("log", "none:0"))
    async with serving(tmp_path) as dashboard, listening(dashboard.address, *query) as reader:
        gone = [await reader.next_of("gone") for _ in range(3)]
        logger.add_scalar("loss", 0.5, 1)
        points = await reader.next_of("points")

    assert gone == [{"run": "gone"}, {"sweep": "no"}, {"log": "none"}]
    assert points["run"] == run_id


async def test_quiet_stream_pings(tmp_path):
    async with (
        serving(tmp_path, limits=Limits(ping_s=0.01)) as dashboard,
        listening(dashboard.address) as reader,
    ):
        assert await reader.next() == ("ping", {})


async def test_shutdown_ends_streams_at_once(tmp_path, logger, run_id):
    async with serving(tmp_path) as dashboard, listening(dashboard.address) as reader:
        dashboard.server.should_exit = True
        with pytest.raises(StreamEnded):
            await reader.next()


async def test_disconnect_frees_what_was_followed(tmp_path, logger, run_id):
    async with serving(tmp_path) as dashboard:
        async with listening(dashboard.address, ("run", f"{run_id}:0"), ("catalog", 1)):
            await wait_until(lambda: dashboard.feed._subscribers)
        await wait_until(lambda: not dashboard.feed._subscribers)

        assert not dashboard.feed._topics
        assert not dashboard.feed._by_path


async def test_page_opened_while_the_only_other_closes_misses_nothing(tmp_path, logger, run_id):
    """It connects again with one more run. While that is looked up, all others are forgotten."""
    with ExperimentLogger(logdir=str(tmp_path)) as other:
        other.add_scalar("loss", 1.0, 0)
    wanted = [FollowRequest("run", run_id, 0), FollowRequest("catalog", "", 1)]
    one_more = FollowRequest("run", os.path.basename(other.folder), 0)
    may_look, looks = threading.Event(), []

    def look_up(catalog):
        looks.append(catalog)
        may_look.wait(LIMIT_S)

    async with serving(tmp_path) as dashboard, anyio.create_task_group() as tasks:
        async with dashboard.feed.subscribe(wanted):
            tasks.start_soon(dashboard.app.state.catalog.use, look_up)  # holds the catalog
            await wait_until(lambda: looks)
            entering = dashboard.feed.subscribe([*wanted, one_more])
            entered = anyio.Event()

            async def enter():
                async with entering as subscriber:
                    assert len(subscriber.topics) == 3
                    entered.set()

            tasks.start_soon(enter)
            await wait_until(lambda: dashboard.app.state.catalog._lock.statistics().tasks_waiting)
        assert not dashboard.feed._topics
        may_look.set()
        with anyio.fail_after(LIMIT_S):
            await entered.wait()


async def test_deleted_folder_is_survived(tmp_path, logger, run_id):
    logger.add_scalar("loss", 0.5, 1)
    query = (("run", f"{run_id}:0"), ("catalog", 1))
    async with serving(tmp_path) as dashboard, listening(dashboard.address, *query) as reader:
        assert [entry["id"] for entry in (await reader.next_of("catalog"))["added"]] == [run_id]
        shutil.rmtree(logger.folder)
        with anyio.fail_after(LIMIT_S):
            while run_id not in (await reader.next_of("catalog"))["removed"]:
                pass


async def test_more_streams_than_allowed_are_refused(tmp_path):
    async with (
        serving(tmp_path, limits=Limits(streams=1)) as dashboard,
        httpx.AsyncClient() as client,
    ):
        async with listening(dashboard.address):
            response = await client.get(f"{dashboard.address}/events")
        await wait_until(lambda: not dashboard.feed._subscribers)
        async with listening(dashboard.address):
            pass

    assert response.status_code == 503
    assert "too many" in response.json()["error"]


async def test_head_is_answered_without_a_stream(tmp_path):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        response = await client.head(f"{dashboard.address}/events?catalog=1")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("run=abc", "run=abc"),
        ("run=abc:-1", "run=abc:-1"),
        ("run=:5", "run=:5"),
        ("run=abc:1e3", "run=abc:1e3"),
        ("log=abc", "log=abc"),
        ("catalog=yes", "catalog=yes"),
        ("colour=red", "colour"),
    ],
)
async def test_wrong_parameter_is_named(tmp_path, query, named):
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        response = await client.get(f"{dashboard.address}/events?{query}")

    assert response.status_code == 400
    assert named in response.json()["error"]


def test_ids_can_contain_colons():
    from starlette.datastructures import QueryParams

    (wanted,) = parse_wanted(QueryParams([("run", "a:b:64")]))

    assert (wanted.kind, wanted.id, wanted.cursor) == ("run", "a:b", 64)
