"""Digests of the newest logs are there before anybody asks for them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import httpx
import pytest
from settled_logs import LONG_AGO, write_settled_log

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.reading.continuation import LogPosition
from ml_tracking_ops.logger.reading.reader import RunLog
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.orchestrator.store.files.identities import Identity
from ml_tracking_ops.web.app import create_app
from ml_tracking_ops.web.series.digests import log_digests
from ml_tracking_ops.web.series.digests.digest import Digest
from ml_tracking_ops.web.series.read_ahead import newest_logs, wanted

pytestmark = pytest.mark.anyio


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "cache", 100_000_000)


def digests_in(cache: CacheFolder) -> set[Path]:
    return {path for path in cache.folder.rglob("*") if path.is_file()}


async def wait_for(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not condition():
            await anyio.sleep(0.01)


async def test_settled_logs_are_read_after_the_first_answer_and_then_never_again(
    tmp_path: Path, cache: CacheFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    logdir = tmp_path / "runs"
    names = [f"run{index}" for index in range(5)]
    settled = [write_settled_log(logdir, name) for name in names]
    growing = write_settled_log(logdir, "growing", time.time())
    app = create_app(logdir, cache=cache)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        assert not digests_in(cache)
        assert (await client.get("/api/metrics", params={"run": "missing"})).status_code == 200
        await wait_for(lambda: all(cache.written_at(str(path)) for path in settled))
        monkeypatch.setattr(log_digests, "read_run_log", None)
        answer = await client.get(
            "/api/series", params=[("points", 64), *(("run", name) for name in names)]
        )
    runs = answer.json()["runs"]
    assert [runs[name]["metrics"]["loss"]["count"] for name in names] == [100] * 5
    assert cache.written_at(str(growing)) is None


async def test_endings_of_logs_are_saved_after_the_first_answer(
    tmp_path: Path, cache: CacheFolder
) -> None:
    logdir = tmp_path / "runs"
    for index in range(60):
        ExperimentLogger(logdir / f"run{index}").close()
    app = create_app(logdir, cache=cache)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        assert (await client.get("/experiments")).status_code == 200
        await wait_for(lambda: cache.written_at(f"endings of {logdir}/") is not None)


async def test_digest_that_is_there_is_not_made_again(tmp_path: Path, cache: CacheFolder) -> None:
    path = write_settled_log(tmp_path / "runs", "one")
    digests = create_app(tmp_path / "runs", cache=cache).state.series_store.digests
    assert digests.prepare(path)
    before = {file: file.stat().st_ino for file in digests_in(cache)}
    assert digests.prepare(path)
    assert {file: file.stat().st_ino for file in digests_in(cache)} == before
    with ExperimentLogger.at(path) as logger:
        logger.add_scalar("loss", 1.0, 100)
    os.utime(path, (time.time() + 5, time.time() + 5))
    assert digests.prepare(path)
    assert {file: file.stat().st_ino for file in digests_in(cache)} != before


async def test_cache_that_cannot_be_written_ends_reading_ahead(tmp_path: Path) -> None:
    path = write_settled_log(tmp_path / "runs", "one")
    (tmp_path / "cache").write_text("a file in the place of the folder")
    cache = CacheFolder(tmp_path / "cache", 100_000_000)
    digests = create_app(tmp_path / "runs", cache=cache).state.series_store.digests
    assert not digests.prepare(path)
    assert not create_app(tmp_path / "runs").state.series_store.digests.prepare(path)


async def test_newest_come_first_and_only_so_many(tmp_path: Path) -> None:
    paths = [write_settled_log(tmp_path, f"run{index}") for index in range(4)]
    found = newest_logs(Catalog(tmp_path), most=3)
    assert (
        found
        == sorted(paths, key=lambda path: -Catalog(tmp_path).experiments[path.stem].started_at)[:3]
    )


async def test_large_logs_and_those_beyond_the_limit_are_left_alone(tmp_path: Path) -> None:
    paths = [write_settled_log(tmp_path, f"run{index}") for index in range(4)]
    size = paths[0].stat().st_size
    assert list(wanted(paths, most_bytes=2 * size)) == paths[:2]
    assert list(wanted(paths, most_bytes_a_log=size - 1)) == []


async def test_log_that_cannot_be_condensed_ends_nothing(
    tmp_path: Path, cache: CacheFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = (write_settled_log(tmp_path / "runs", name) for name in ("b", "a"))
    make_digest = log_digests.make_digest

    def failing(log: RunLog, files: tuple[Identity, ...], mark: LogPosition | None) -> Digest:
        if files[0].inode == bad.stat().st_ino:
            raise ValueError("a defect")
        return make_digest(log, files, mark)

    monkeypatch.setattr(log_digests, "make_digest", failing)
    app = create_app(tmp_path / "runs", cache=cache)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        await client.get("/api/metrics", params={"run": "missing"})
        await wait_for(lambda: cache.written_at(str(good)) is not None)
        assert (await client.get("/experiments")).status_code == 200
    assert cache.written_at(str(bad)) is None


async def test_event_files_of_a_folder_count_together(tmp_path: Path) -> None:
    paths = [tmp_path / f"events.out.tfevents.{at}.host.1.0" for at in (1, 2)]
    for path in paths:
        path.write_bytes(bytes(1_000))
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert list(wanted(paths[1:])) == paths[1:]
    assert list(wanted(paths[1:], most_bytes_a_log=1_500)) == []
