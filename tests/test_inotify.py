import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.inotify import Inotify

pytestmark = pytest.mark.usefixtures("no_leaks")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Inotify]:
    with closing(Inotify(str(tmp_path))) as watch:
        yield watch


def changes(watch: Inotify) -> set[str]:
    found = watch.read()
    assert found is not None
    return found | watch.add()


def test_says_which_files_changed_and_nothing_twice(tmp_path: Path, watch: Inotify) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("1")
    assert changes(watch) == {f"{tmp_path}/a", f"{tmp_path}/b"}
    assert changes(watch) == set()


def test_what_lies_in_a_new_folder_before_it_is_watched_is_told(
    tmp_path: Path, watch: Inotify
) -> None:
    inner = tmp_path / "sweep" / "inner"
    inner.mkdir(parents=True)
    (inner / "a").write_text("1")
    assert changes(watch) >= {f"{tmp_path}/sweep", str(inner), f"{inner}/a"}
    (inner / "a").write_text("2")
    assert changes(watch) == {f"{inner}/a"}


def test_a_folder_that_moves_is_told_under_its_new_name_alone(
    tmp_path: Path, watch: Inotify
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "inner").mkdir(parents=True)
    changes(watch)
    old.rename(new)
    changes(watch)
    (new / "inner" / "a").write_text("1")
    assert changes(watch) == {f"{new}/inner/a"}


def test_a_folder_that_moves_away_is_watched_no_more(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, watch: Inotify
) -> None:
    (tmp_path / "old").mkdir()
    changes(watch)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "old"
    (tmp_path / "old").rename(elsewhere)
    changes(watch)
    (elsewhere / "a").write_text("1")
    assert changes(watch) == set()


def test_links_are_not_followed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, watch: Inotify
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (tmp_path / "link").symlink_to(elsewhere)
    changes(watch)
    (elsewhere / "a").write_text("1")
    assert changes(watch) == set()


def test_says_so_when_the_kernel_has_dropped_events(tmp_path: Path, watch: Inotify) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    files = [os.open(tmp_path / name, os.O_WRONLY | os.O_CREAT) for name in "ab"]
    for index in range(limit + 100):  # in turn: equal events in a row become one
        os.write(files[index % 2], b"1")
    for file in files:
        os.close(file)
    assert watch.read() is None
    (tmp_path / "c").touch()
    assert changes(watch) == {f"{tmp_path}/c"}
