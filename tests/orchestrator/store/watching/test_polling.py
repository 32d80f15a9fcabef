"""Watching files without events of the kernel."""

import os
from pathlib import Path

from ml_tracking_ops.orchestrator.store.files.identities import identify
from ml_tracking_ops.orchestrator.store.watching.polling import growing_files, take_identities


def test_growing_files_are_those_that_changed_last_by_the_clock_of_their_server(
    tmp_path: Path,
) -> None:
    for name, ago_s in (("old.dat", 4000), ("new.dat", 0), ("recent.dat", 60)):
        path = tmp_path / name
        path.write_text("x")
        at = 2_000_000_000 - ago_s  # a server whose clock is years ahead
        os.utime(path, (at, at))
    found = {path: one for path, one in take_identities(tmp_path).items() if path.endswith(".dat")}
    assert growing_files(found) == [str(tmp_path / "new.dat"), str(tmp_path / "recent.dat")]


def test_opened_files_are_reported_with_their_current_state(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_text("x")
    gone = tmp_path / "gone.dat"
    found = take_identities(tmp_path, [str(path), str(gone)])
    assert found == {str(path): identify(path)}


def test_pipes_without_writers_do_not_block_a_scan(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert list(take_identities(tmp_path, [str(pipe)])) == [str(pipe)]
