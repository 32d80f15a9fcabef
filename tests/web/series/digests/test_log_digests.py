"""Digests of logs in the cache: read once, extended by new values, always verified."""

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.logger.records import RECORD_SIZE
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.web.series.digests import encoding, log_digests
from ml_tracking_ops.web.series.store import RunSeries, SeriesStore
from ml_tracking_ops.web.series.summaries import LogToRead, MetricSummaries

N_STEPS = 3_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "runs" / "one" / "one.dat"
    path.parent.mkdir(parents=True)
    log(path, range(N_STEPS))
    return path


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "cache", 100_000_000)


def log(path: Path, steps: range, names: tuple[str, ...] = ("loss", "accuracy")) -> None:
    with ExperimentLogger.at(path) as logger:
        for step in steps:
            logger.add_scalars({name: np.sin(step * len(name)) for name in names}, step)


def look(
    path: Path, cache: CacheFolder | None, n_buckets: int = 64, *, waiting_bytes: int = 1 << 20
) -> RunSeries:
    """What a new server finds."""
    store = SeriesStore(cache=cache, most_waiting_bytes=waiting_bytes)
    found = store.overview(path, n_buckets)
    store.digests.close()
    return found


def assert_same(left: RunSeries, right: RunSeries) -> None:
    assert (left.cursor, left.n_left_out) == (right.cursor, right.n_left_out)
    assert list(left.metrics) == list(right.metrics)
    for name, column in left.metrics.items():
        other = right.metrics[name]
        assert column.count == other.count
        for key in ("step", "wall_time", "value"):
            mine, its = getattr(column.points, key), getattr(other.points, key)
            assert np.array_equal(mine, its, equal_nan=True)
        assert (column.abandoned is None) == (other.abandoned is None)
        if column.abandoned is not None and other.abandoned is not None:
            assert np.array_equal(column.abandoned.value, other.abandoned.value)
        assert column.n_repeated == other.n_repeated
        assert (column.repeated is None) == (other.repeated is None)
        if column.repeated is not None and other.repeated is not None:
            assert np.array_equal(column.repeated.value, other.repeated.value)


def digest_files(cache: CacheFolder) -> list[Path]:
    return [path for path in cache.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("n_buckets", [16, 64, 256])
def test_unchanged_log_is_not_read_again(
    path: Path,
    cache: CacheFolder,
    read_sizes: list[int],
    monkeypatch: pytest.MonkeyPatch,
    n_buckets: int,
) -> None:
    first = look(path, cache, n_buckets)
    opened: list[str] = []
    real_open = os.open

    def noted(name: str, *arguments: object, **options: object) -> int:
        opened.append(os.fspath(name))
        return real_open(name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", noted)
    second = look(path, cache, n_buckets)
    assert [one for one in opened if one.endswith(".dat")] == []
    assert_same(first, second)
    assert_same(first, look(path, None, n_buckets))


def test_summaries_come_from_the_same_digest(
    path: Path, cache: CacheFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(path, cache)
    monkeypatch.setattr(log_digests, "read_run_log", None)
    store = SeriesStore(cache=cache)
    found, n_missing = MetricSummaries(digests=store.digests).read([LogToRead(path, False)], 60.0)
    values = [float(np.sin(step * 4)) for step in range(N_STEPS)]
    loss = found[path]["loss"]
    assert (n_missing, loss.count, loss.last_step) == (0, N_STEPS, N_STEPS - 1)
    assert (loss.last, loss.min, loss.max) == (values[-1], min(values), max(values))


def test_grown_log_costs_only_the_new_bytes(
    path: Path, cache: CacheFolder, read_sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    look(path, cache)
    before = path.stat().st_size
    log(path, range(N_STEPS, N_STEPS + 50), ("loss", "accuracy", "late"))
    expected = look(path, None)
    monkeypatch.setattr(log_digests, "read_run_log", None)
    read_sizes.clear()
    assert_same(look(path, cache), expected)
    n_checked = 2 * (65 * RECORD_SIZE)  # the places where the known part ends, and the new one
    written = sum(one.stat().st_size for one in digest_files(cache))
    assert sum(read_sizes) <= path.stat().st_size - before + n_checked + written
    assert_same(look(path, cache), expected)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: log(path, range(100, 200)),  # continued from an earlier step
        lambda path: log(path, range(N_STEPS - 1, N_STEPS + 10)),
        lambda path: path.write_bytes(path.read_bytes()[: RECORD_SIZE * 500]),
        lambda path: (path.unlink(), log(path, range(N_STEPS + 500))),
        lambda path: path.write_bytes(path.read_bytes() + b"torn"),
        lambda path: edit(path, 4_000),
        lambda path: (edit(path, 6_000), log(path, range(N_STEPS, N_STEPS + 5))),
    ],
    ids=["abandoned", "repeated", "truncated", "replaced", "torn", "edited", "edited and grown"],
)
def test_changed_log_is_shown_as_it_is(
    path: Path, cache: CacheFolder, change: Callable[[Path], object]
) -> None:
    look(path, cache)
    change(path)
    for _ in range(2):
        assert_same(look(path, cache), look(path, None))


def edit(path: Path, record: int) -> None:
    """Another value in an intact log: by a program that rewrites the file."""
    data = bytearray(path.read_bytes())
    data[record * RECORD_SIZE + 24 :][:8] = struct.pack("<d", 9.0)
    data[record * RECORD_SIZE] ^= 0x10
    path.write_bytes(data)


def test_abandoned_values_are_kept(path: Path, cache: CacheFolder) -> None:
    log(path, range(100, 200))
    for _ in range(3):
        found = look(path, cache)
        assert found.metrics["loss"].abandoned is not None
        assert_same(found, look(path, None))


def test_attempts_are_one_history_and_each_is_watched(tmp_path: Path, cache: CacheFolder) -> None:
    first, second = tmp_path / "t_0001.dat", tmp_path / "t_0001_attempt2.dat"
    log(first, range(500))
    log(second, range(300, 800))
    for _ in range(2):
        assert look(second, cache).metrics["loss"].count == 800
    first.unlink()
    assert look(second, cache).metrics["loss"].count == 500


@pytest.mark.parametrize("place", [0.0, 0.01, 0.2, 0.5, 0.999])
@pytest.mark.parametrize("damage", ["flip", "cut", "zeros", "other"])
def test_damaged_cache_changes_nothing(
    path: Path, cache: CacheFolder, place: float, damage: str
) -> None:
    expected = look(path, cache)
    (file,) = digest_files(cache)
    data = bytearray(file.read_bytes())
    at = int(place * len(data))
    if damage == "flip":
        data[at] ^= 0x40
    elif damage == "cut":
        del data[at:]
    elif damage == "zeros":
        data[at:] = bytes(len(data) - at)
    else:
        data[at : at + 30] = b'{"names": ["no such metric"]}!'
    file.write_bytes(data)
    for n_buckets in (16, 64, 256):
        assert_same(look(path, cache, n_buckets), look(path, None, n_buckets))
    assert_same(look(path, cache), expected)


def test_digest_of_another_log_is_not_taken(path: Path, tmp_path: Path, cache: CacheFolder) -> None:
    other = tmp_path / "other.dat"
    log(other, range(10), ("other",))
    look(path, cache)
    (file,) = digest_files(cache)
    look(other, cache)
    (its,) = set(digest_files(cache)) - {file}
    shutil.copy(file, its)
    assert list(look(other, cache).metrics) == ["other"]


def test_log_of_many_metrics_and_of_none(tmp_path: Path, cache: CacheFolder) -> None:
    many, empty = tmp_path / "many.dat", tmp_path / "empty.dat"
    log(many, range(3), tuple(f"metric/{n}" for n in range(1_100)))
    log(empty, range(0))
    for path in (many, empty):
        for _ in range(2):
            assert_same(look(path, cache), look(path, None))
    assert look(many, cache).n_left_out == 100


def test_unwritable_cache_only_costs_time(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = CacheFolder(tmp_path / "file" / "cache", 1_000_000)
    for _ in range(2):
        assert_same(look(path, cache), look(path, None))


def test_cache_deleted_under_a_server_is_made_again(path: Path, cache: CacheFolder) -> None:
    look(path, cache)
    shutil.rmtree(cache.folder)
    assert_same(look(path, cache), look(path, None))
    assert len(digest_files(cache)) == 1


def test_several_servers_share_a_cache(path: Path, cache: CacheFolder) -> None:
    expected = look(path, None)
    found: list[RunSeries] = []

    def serve() -> None:
        for _ in range(10):
            found.append(look(path, CacheFolder(cache.folder, 100_000_000)))

    threads = [Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 40
    for one in found:
        assert_same(one, expected)
    assert len(digest_files(cache)) == 1


def test_log_folder_is_not_touched(path: Path, cache: CacheFolder) -> None:
    before = sorted((one, one.stat().st_mtime_ns) for one in path.parents[1].rglob("*"))
    look(path, cache)
    assert sorted((one, one.stat().st_mtime_ns) for one in path.parents[1].rglob("*")) == before


def test_chart_of_many_runs_reads_the_beginning_of_a_digest(
    path: Path, cache: CacheFolder, read_sizes: list[int]
) -> None:
    log(path, range(N_STEPS, 10_000))
    look(path, cache)
    (file,) = digest_files(cache)
    read_sizes.clear()
    assert len(look(path, cache, 16).metrics["loss"].points) <= 34
    assert sum(read_sizes) <= encoding.HEAD_BYTES < file.stat().st_size / 4


def test_zooming_in_fetches_all_points(path: Path, cache: CacheFolder) -> None:
    look(path, cache)
    store = SeriesStore(cache=cache)
    store.overview(path, 64)
    assert store.all_points(path).metrics["loss"].points.value.tolist() == (
        read_log(path)["loss"].value.tolist()
    )


def test_digests_that_do_not_fit_the_memory_are_made_again_when_it_is_quiet(
    path: Path, cache: CacheFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = look(path, cache, waiting_bytes=0)
    assert len(digest_files(cache)) == 1
    monkeypatch.setattr(log_digests, "read_run_log", None)
    assert_same(look(path, cache), expected)
