"""Looking at a log folder again: what has not changed is neither listed nor opened."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.orchestrator.store import endings
from ml_tracking_ops.orchestrator.store.annotations import annotate
from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.endings import EndingsInCache, ending_of
from ml_tracking_ops.orchestrator.store.files import folder_walk
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder

Listed = list[str]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three experiments, logged a minute ago."""
    runs = tmp_path / "runs"
    for name in ("a", "b", "group/c"):
        log(runs / name / "x.dat")
    age(runs)
    return runs


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Listed:
    """The folders that are listed from now on."""
    folders: Listed = []
    scandir = os.scandir

    def noted(folder: str) -> object:
        folders.append(os.path.basename(folder))
        return scandir(folder)

    monkeypatch.setattr(folder_walk.os, "scandir", noted)
    return folders


def log(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExperimentLogger.at(path) as logger:
        logger.add_scalar("loss", 1.0, 0)


def age(folder: Path) -> None:
    long_ago = time.time() - 60
    for path in (folder, *(one for one in folder.rglob("*") if one.is_dir())):
        os.utime(path, (long_ago, long_ago))


def test_unchanged_folders_are_listed_once(runs: Path, listed: Listed) -> None:
    catalog = Catalog(runs)
    assert sorted(listed) == ["a", "b", "c", "group", "runs"]
    before = catalog.experiments
    listed.clear()
    catalog.refresh()
    assert listed == []
    assert catalog.experiments is before


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda runs: log(runs / "d" / "x.dat"), {"a", "b", "group/c", "d"}),
        (lambda runs: log(runs / "a" / "y.dat"), {"a/x", "a/y", "b", "group/c"}),
        (lambda runs: (runs / "b" / "x.dat").unlink(), {"a", "group/c"}),
        (lambda runs: (runs / "group").rename(runs / "other"), {"a", "b", "other/c"}),
        (lambda runs: (runs / "a").rename(runs / "group" / "a"), {"b", "group/a", "group/c"}),
        (lambda runs: (runs / "l").symlink_to(runs.parent / "far"), {"a", "b", "group/c", "l"}),
    ],
    ids=["new folder", "new log", "log removed", "renamed", "moved", "link"],
)
def test_changes_are_seen(runs: Path, change: Callable[[Path], object], expected: set[str]) -> None:
    log(runs.parent / "far" / "x.dat")
    catalog = Catalog(runs)
    catalog.refresh()
    change(runs)
    for _ in range(2):
        catalog.refresh()
        assert catalog.experiments.keys() == expected


def test_folder_behind_a_link_is_looked_into_again(runs: Path) -> None:
    far = runs.parent / "far"
    (runs / "link").symlink_to(far)
    age(runs)
    catalog = Catalog(runs)
    assert "link" not in catalog.experiments
    log(far / "x.dat")
    catalog.refresh()
    assert "link" in catalog.experiments


def test_folder_that_has_just_changed_is_listed_again(runs: Path, listed: Listed) -> None:
    log(runs / "a" / "y.dat")
    catalog = Catalog(runs)
    listed.clear()
    catalog.refresh()
    assert listed == ["a"]


def test_annotation_appears_on_open_pages(runs: Path) -> None:
    catalog = Catalog(runs)
    catalog.refresh()
    annotate(runs / "a", "x", name="the best")
    catalog.refresh()
    assert catalog.experiments["a"].annotation.name == "the best"
    (runs / "a" / "annotations.json").unlink()
    catalog.refresh()
    assert catalog.experiments["a"].annotation.name is None


def test_file_that_becomes_a_log_is_seen(runs: Path) -> None:
    other = runs / "b" / "z.dat"
    other.write_bytes(b"no log")
    age(runs)
    catalog = Catalog(runs)
    assert "b/z" not in catalog.experiments
    other.unlink()
    log(other)
    age(runs)
    catalog.refresh()
    assert "b/z" in catalog.experiments


def test_many_folders_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    for number in range(30):
        log(tmp_path / f"{number}" / "x.dat")
    age(tmp_path)
    catalog = Catalog(tmp_path, most_gone=5)
    for number in range(29):
        (tmp_path / f"{number}" / "x.dat").unlink()
        (tmp_path / f"{number}").rmdir()
    catalog.refresh()
    catalog.refresh()
    assert (len(catalog._listings), len(catalog._taken)) <= (2, 1)
    assert catalog.experiments.keys() == {"29"}


@pytest.fixture
def new_program(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Forget all endings. Return the list of files that are read from then on."""
    read = endings._read
    paths: list[str] = []

    def noted(path: str) -> object:
        paths.append(path)
        return read(path)

    def forget() -> list[str]:
        monkeypatch.setattr(endings, "_endings", {})
        monkeypatch.setattr(endings, "_read", noted)
        paths.clear()
        return paths

    return forget


def test_endings_are_read_once_for_all_programs(
    runs: Path, tmp_path: Path, new_program: Callable[[], list[str]]
) -> None:
    cache, opened = CacheFolder(tmp_path / "cache", 1_000_000), new_program()
    first = Catalog(runs)
    assert len(opened) == 3
    expected = {
        one.id: (one.started_at, ending_of(one.dat_path)) for one in first.experiments.values()
    }
    EndingsInCache(runs, cache, worth_saving=0).save()

    new_program()
    EndingsInCache(runs, cache).load()
    second = Catalog(runs)
    found = {
        one.id: (one.started_at, ending_of(one.dat_path)) for one in second.experiments.values()
    }
    assert (found, opened) == (expected, [])

    new_program()
    log(runs / "a" / "x.dat")
    EndingsInCache(runs, cache).load()
    Catalog(runs)
    assert [Path(path).parent.name for path in opened] == ["a"]


def endings_of(catalog: Catalog) -> dict[str, object]:
    found = catalog.experiments.values()
    return {one.id: (one.started_at, ending_of(one.dat_path)) for one in found}


@pytest.mark.parametrize("damage", [b"", b"abc", b"\0\0\0\0[[1]]", b"\0" * 100])
def test_damaged_endings_are_read_again(
    runs: Path, tmp_path: Path, new_program: Callable[[], list[str]], damage: bytes
) -> None:
    cache, opened = CacheFolder(tmp_path / "cache", 1_000_000), new_program()
    Catalog(runs)
    EndingsInCache(runs, cache, worth_saving=0).save()
    (file,) = (path for path in cache.folder.rglob("*") if path.is_file())
    file.write_bytes(damage)
    new_program()
    EndingsInCache(runs, cache).load()
    Catalog(runs)
    assert len(opened) == 3
