"""The series API: real logs in, columns out."""

import math
import os
import shutil
from pathlib import Path

import httpx
import pytest
from live import serving

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.series import store as series_store
from ml_tracking_ops.web.series.digests import log_digests
from ml_tracking_ops.web.series.store import SeriesStore

pytestmark = pytest.mark.anyio


async def get(logdir, path, **params):
    async with serving(logdir) as dashboard, httpx.AsyncClient() as client:
        return await client.get(dashboard.address + path, params=params)


async def series(logdir, **params):
    response = await get(logdir, "/api/series", **params)
    assert response.status_code == 200, response.text
    return response.json()["runs"]


async def test_columns_are_what_was_logged(tmp_path, logger, run_id):
    for step in range(5):
        logger.add_scalars({"loss": step / 3, "accuracy": step / 7}, step)

    run = (await series(tmp_path, run=run_id))[run_id]

    assert list(run["metrics"]) == ["loss", "accuracy"]
    assert run["metrics"]["loss"]["step"] == [0, 1, 2, 3, 4]
    assert run["metrics"]["loss"]["value"] == [step / 3 for step in range(5)]
    assert run["metrics"]["loss"]["count"] == 5
    assert not run["metrics"]["loss"]["is_thinned"]
    assert run["cursor"] == os.path.getsize(logger.path)


async def test_steps_are_sorted_and_the_last_write_counts(tmp_path, logger, run_id):
    for step, value in ((3, 0.3), (1, 0.1), (2, 0.2), (3, 0.9)):
        logger.add_scalar("loss", value, step)

    columns = (await series(tmp_path, run=run_id))[run_id]["metrics"]["loss"]

    assert columns["step"] == [1, 2, 3]
    assert columns["value"] == [0.1, 0.2, 0.9]


async def test_infinite_number_is_null(tmp_path, logger, run_id):
    for step, value in enumerate((1.0, float("nan"), float("inf"), -float("inf"))):
        logger.add_scalar("loss", value, step)

    columns = (await series(tmp_path, run=run_id))[run_id]["metrics"]["loss"]

    assert columns["value"] == [1.0, None, None, None]


@pytest.mark.parametrize("points", [20, 1_000])
async def test_long_log_is_thinned_and_keeps_its_spike(tmp_path, logger, run_id, points):
    for step in range(10_000):
        logger.add_scalar("loss", 1e9 if step == 4_321 else step % 7, step)

    columns = (await series(tmp_path, run=run_id, points=points))[run_id]["metrics"]["loss"]

    assert len(columns["step"]) <= 2 * points + 2
    assert columns["count"] == 10_000
    assert columns["is_thinned"]
    assert columns["value"][columns["step"].index(4_321)] == 1e9
    assert (columns["step"][0], columns["step"][-1]) == (0, 9_999)


async def test_zoom_brings_every_point_of_a_range(tmp_path, logger, run_id):
    for step in range(10_000):
        logger.add_scalar("loss", step, step)

    found = await series(tmp_path, run=run_id, first_step=4_000, last_step=4_099, points=200)
    columns = found[run_id]["metrics"]["loss"]

    assert columns["step"] == list(range(4_000, 4_100))
    assert columns["count"] == 100
    assert not columns["is_thinned"]


async def test_only_the_requested_metrics_are_sent(tmp_path, logger, run_id):
    logger.add_scalars({"loss": 1, "accuracy": 2, "lr": 3}, 0)

    run = (await series(tmp_path, run=run_id, metric=["lr", "loss", "no such"]))[run_id]

    assert list(run["metrics"]) == ["lr", "loss"]


async def test_run_without_the_metric_still_has_a_cursor(tmp_path, logger, run_id):
    logger.add_scalar("loss", 1, 0)

    run = (await series(tmp_path, run=run_id, metric="no such"))[run_id]

    assert run == {"cursor": os.path.getsize(logger.path), "metrics": {}}


async def test_unknown_runs_are_left_out(tmp_path, logger, run_id):
    logger.add_scalar("loss", 1, 0)

    assert list(await series(tmp_path, run=[run_id, "no such run", "../../etc"])) == [run_id]


async def test_metric_names_of_several_runs(tmp_path):
    with (
        ExperimentLogger(logdir=str(tmp_path)) as first,
        ExperimentLogger(logdir=str(tmp_path)) as second,
    ):
        first.add_scalars({"loss": 1, "a": 1}, 0)
        second.add_scalars({"b\n<i>": 1, "loss": 1}, 0)
    runs = [os.path.basename(logger.folder) for logger in (first, second)]

    response = await get(tmp_path, "/api/metrics", run=runs)

    assert response.json() == {"metrics": ["loss", "a", "b\n<i>"]}


async def test_unchanged_series_are_not_sent_again(tmp_path, logger, run_id):
    logger.add_scalar("loss", 1, 0)
    async with serving(tmp_path) as dashboard, httpx.AsyncClient() as client:
        url = f"{dashboard.address}/api/series?run={run_id}"
        first = await client.get(url)
        known = {"if-none-match": first.headers["etag"]}
        again = await client.get(url, headers=known)
        logger.add_scalar("loss", 2, 1)
        changed = await client.get(url, headers=known)

    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
    assert again.content == b""
    assert changed.json()["runs"][run_id]["metrics"]["loss"]["step"] == [0, 1]


async def test_long_answers_are_compressed(tmp_path, logger, run_id):
    for step in range(2_000):
        logger.add_scalar("loss", 0.5, step)

    response = await get(tmp_path, "/api/series", run=run_id)

    assert response.headers["content-encoding"] == "gzip"
    assert len(response.json()["runs"][run_id]["metrics"]["loss"]["step"]) == 2_000


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({}, "run"),
        ({"run": "a", "points": "0"}, "points=0"),
        ({"run": "a", "points": "1e9"}, "points=1e9"),
        ({"run": "a", "first_step": "x"}, "first_step=x"),
        ({"run": "a", "last_step": "9" * 30}, "last_step=" + "9" * 30),
        ({"run": "a", "metrics": "loss"}, "metrics"),
    ],
)
async def test_wrong_parameter_is_named(tmp_path, params, named):
    response = await get(tmp_path, "/api/series", **params)

    assert response.status_code == 400
    assert named in response.json()["error"]


async def test_unknown_api_address_answers_in_json(tmp_path):
    response = await get(tmp_path, "/api/no-such")

    assert response.status_code == 404
    assert response.json() == {"error": "Not Found"}


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\0" * 4096, os.urandom(5_000)])
async def test_damaged_log_is_no_error(tmp_path, logger, run_id, damage):
    logger.add_scalar("loss", 1, 0)
    logger_path(logger).write_bytes(damage)

    found = await series(tmp_path, run=run_id)

    assert not any(run["metrics"] for run in found.values())


def test_store_reads_a_log_once_while_it_stays_as_it_is(logger, monkeypatch):
    logger.add_scalar("loss", 1, 0)
    reads = count_calls(monkeypatch, log_digests, "read_run_log")
    store, path = SeriesStore(), logger_path(logger)

    for _ in range(3):
        store.overview(path)
        store.all_points(path)
    assert len(reads) == 1

    logger.add_scalar("loss", 2, 1)
    assert store.overview(path).metrics["loss"].count == 2
    assert len(reads) == 2


def test_store_keeps_of_a_log_only_what_the_overview_shows(logger, monkeypatch):
    for step in range(1_000):
        logger.add_scalar("loss", step, step)
    reads = count_calls(monkeypatch, log_digests, "read_run_log")
    store, path = SeriesStore(), logger_path(logger)

    coarse = store.overview(path, 16).metrics["loss"]
    assert (len(coarse.points), coarse.count) == (32, 1_000)
    assert coarse.points.value.base.nbytes < 1_000  # no view that keeps the whole log
    assert len(store.overview(path, 8).metrics["loss"].points) == 32
    assert len(reads) == 1
    whole = count_calls(monkeypatch, series_store, "read_run_log")
    assert len(store.overview(path, 64).metrics["loss"].points) > 100
    assert len(store.all_points(path).metrics["loss"].points) == 1_000
    assert (len(reads), len(whole)) == (2, 1)


def test_store_stays_below_its_limit(tmp_path, logger):
    for step in range(1_000):
        logger.add_scalar("loss", 1, step)
    store = SeriesStore(overview_bytes=100_000, all_points_bytes=100_000)

    for number in range(20):
        copy = tmp_path / f"{number}.dat"
        shutil.copy(logger.path, copy)
        assert store.all_points(copy).metrics["loss"].count == 1_000
        assert store.overview(copy).metrics["loss"].count == 1_000

    for cache in (store._all_points, store._overviews):
        assert 0 < cache.size <= 100_000
        assert len(cache) == 4


def test_store_returns_nothing_for_other_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.dat")
    (tmp_path / "folder.dat").mkdir()
    store = SeriesStore()

    for name in ("missing.dat", "pipe.dat", "folder.dat"):
        assert store.overview(tmp_path / name).metrics == {}


def logger_path(logger):
    return Path(logger.path)


def count_calls(monkeypatch, module, name):
    """The arguments of every call of a function from now on."""
    calls, function = [], getattr(module, name)

    def counted(*arguments, **options):
        calls.append(arguments)
        return function(*arguments, **options)

    monkeypatch.setattr(module, name, counted)
    return calls


def test_abandoned_values_are_returned_separately(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    for first, last in ((0, 6), (3, 8)):
        with ExperimentLogger.at(path) as writer:
            for step in range(first, last):
                writer.add_scalar("loss", float(first), step)
    column = SeriesStore().overview(path).metrics["loss"]
    assert column.points.step.tolist() == list(range(8))
    assert column.abandoned is not None
    assert column.abandoned.step.tolist() == [3, 4, 5]
    assert SeriesStore().all_points(path).metrics["loss"].abandoned is not None


def test_abandoned_branches_are_not_joined(tmp_path: Path) -> None:
    path = tmp_path / "r.dat"
    for first, last in ((0, 6), (3, 10), (8, 11), (9, 12)):
        with ExperimentLogger.at(path) as writer:
            for step in range(first, last):
                writer.add_scalar("loss", float(first), step)
    for series in (SeriesStore().overview(path), SeriesStore().all_points(path)):
        left = series.metrics["loss"].abandoned
        assert left is not None
        assert left.step.tolist() == [3, 4, 5, 5, 8, 8, 9, 10]
        assert [at for at in range(8) if math.isnan(left.value[at])] == [3, 5]


def test_repeated_steps_of_one_logger_are_counted_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.dat"
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(path))
    with ExperimentLogger() as writer:
        for epoch in range(5):
            for step in range(20):
                writer.add_scalar("loss", epoch + step / 100, step)
    column = SeriesStore().all_points(path).metrics["loss"]
    assert (column.count, column.n_repeated) == (20, 80)
    assert column.repeated is not None
    both = [*column.points.value.tolist(), *column.repeated.value.tolist()]
    assert sorted(both) == sorted(epoch + step / 100 for epoch in range(5) for step in range(20))
    overview = SeriesStore().overview(path, 8).metrics["loss"]
    assert overview.n_repeated == 80
    assert overview.repeated is not None
    assert len(overview.repeated) < 80
