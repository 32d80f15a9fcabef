"""What a node passes on of a run's files arrives in the sweep's folder, byte for byte."""

import os
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.executors.ray.mirror import Mirror
from ml_tracking_ops.orchestrator.executors.ray.relay import MOST_BYTES, Chunk, Relay

STEM = "2026-11-29_10-00-00_0002_attempt2"
RUN_FOLDER = "2026-11-29_09-00-00_0002.files"


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    (folder / ".ray").mkdir(parents=True)
    return folder


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    folder = tmp_path / "sweep"
    folder.mkdir()
    return folder


def pass_on(relay: Relay, mirror: Mirror, *, is_over: bool = False) -> int:
    """Pass on everything, and return the number of reads."""
    n_reads = 0
    while chunks := relay.read(is_over=is_over):
        n_reads += 1
        for chunk in chunks:
            mirror.write(chunk)
    return n_reads


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_all_files_of_a_run_arrive(node: Path, sweep: Path):
    (node / f"{STEM}.dat").write_bytes(os.urandom(3 * MOST_BYTES))
    (node / f"{STEM}.log").write_text("ready\n")
    (node / f"{STEM}.config.json").write_text("{}")
    (node / ".ray" / f"{STEM}.processes.jsonl").write_text("{}\n")
    (node / RUN_FOLDER / "checkpoints").mkdir(parents=True)
    (node / RUN_FOLDER / "checkpoints" / "last.bin").write_bytes(os.urandom(2_500_000))
    (node / RUN_FOLDER / "empty").touch()
    assert pass_on(Relay(str(node), STEM, {}), Mirror(sweep, STEM), is_over=True) > 1
    assert files_in(sweep) == files_in(node)


def test_files_of_the_node_stay_there(node: Path, sweep: Path, tmp_path: Path):
    (node / ".ray" / f"{STEM}.json").write_text("secret")
    (node / "other.dat").write_text("not of this run")
    (tmp_path / "outside").write_text("secret")
    (node / f"{STEM}.log").symlink_to(tmp_path / "outside")
    pass_on(Relay(str(node), STEM, {}), Mirror(sweep, STEM), is_over=True)
    assert files_in(sweep) == {}


def test_log_that_grows_continues_where_it_was(node: Path, sweep: Path):
    log = node / f"{STEM}.log"
    log.write_text("one\n")
    relay, mirror = Relay(str(node), STEM, {}), Mirror(sweep, STEM)
    pass_on(relay, mirror)
    with log.open("a") as file:
        file.write("two\n")
    pass_on(relay, mirror)
    with log.open("a") as file:
        file.write("three\n")
    later = Mirror(sweep, STEM)  # of an orchestrator that took over
    pass_on(Relay(str(node), STEM, later.sizes()), later)
    assert (sweep / log.name).read_text() == "one\ntwo\nthree\n"


def test_file_that_is_being_written_waits(node: Path, sweep: Path):
    path = node / RUN_FOLDER / "model.bin"
    path.parent.mkdir()
    path.write_bytes(b"half")
    relay, mirror = Relay(str(node), STEM, {}), Mirror(sweep, STEM)
    os.utime(path, (2**31, 2**31))  # as if it were written all the time
    assert pass_on(relay, mirror) == 0
    os.utime(path, (1, 1))
    pass_on(relay, mirror)
    path.write_bytes(b"whole")
    os.utime(path, (2, 2))
    pass_on(relay, mirror)
    assert (sweep / RUN_FOLDER / "model.bin").read_bytes() == b"whole"
    assert pass_on(relay, mirror) == 0


@pytest.mark.parametrize(
    "path",
    ["../x.log", "/etc/x.log", f"{STEM}.files/../../x.log", "journal.jsonl", ".ray/x.jsonl", ""],
)
def test_path_that_is_not_of_the_run_is_refused(sweep: Path, path: str):
    with pytest.raises(ValueError, match="is no file of"):
        Mirror(sweep, STEM).write(Chunk(path, 0, b"x", True))
    assert files_in(sweep) == {}


def test_link_in_the_sweeps_folder_is_not_followed(sweep: Path, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.write_text("kept")
    (sweep / f"{STEM}.log").symlink_to(outside)
    with pytest.raises(OSError, match="symbolic link"):
        Mirror(sweep, STEM).write(Chunk(f"{STEM}.log", 0, b"x", False))
    assert outside.read_text() == "kept"
