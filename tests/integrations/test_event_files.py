"""Event files as the frameworks write them, read by us and by TensorBoard, value by value."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import LIMIT_S, SCRIPTS
from event_writing import read_by_tensorboard

from ml_tracking_ops.logger import read_log, read_runs
from ml_tracking_ops.logger.reading.event_log import EventTail
from ml_tracking_ops.logger.tensorboard.event_names import event_files_in_order, is_event_file

WRITERS = ["torch", "tensorboardX", "lightning", "stable_baselines3", "transformers"]
N_LOOKS = 6
N_CUTS = 25


def start(writer: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, SCRIPTS / "write_events.py", writer, folder]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    with (folder.parent / "output").open("wb") as output:
        return subprocess.Popen(
            command, env=environment, cwd=folder.parent, stdout=output, stderr=output
        )


def folders_of(folder: Path) -> list[Path]:
    return sorted({path.parent for path in folder.rglob("*") if is_event_file(path)})


def read_by_us(folder: Path) -> dict[str, list[tuple[str, int, str]]]:
    return {
        name: list(
            zip(
                map(repr, series.wall_time.tolist()),
                series.step.tolist(),
                map(repr, series.value.tolist()),
                strict=True,
            )
        )
        for name, series in read_log(folder).items()
    }


def read_by_theirs(folder: Path) -> dict[str, list[tuple[str, int, str]]]:
    return {
        name: [(repr(at), step, repr(float(value))) for at, step, value in points]
        for name, points in read_by_tensorboard(folder).items()
    }


def expect_equal(folder: Path) -> int:
    """Check that both readers return the same points, and return their number."""
    ours, theirs = read_by_us(folder), read_by_theirs(folder)
    assert ours.keys() == theirs.keys()
    for name, points in theirs.items():
        assert ours[name] == points, name
    return sum(map(len, ours.values()))


@pytest.fixture(scope="module", params=WRITERS)
def written(request, tmp_path_factory) -> Path:
    """The folder of a writer that has ended, which was compared while it grew."""
    top = tmp_path_factory.mktemp(request.param)
    folder, looks = top / "runs", 0
    process = start(request.param, folder)
    deadline = time.monotonic() + LIMIT_S
    tails: dict[Path, EventTail] = {}
    counts: dict[Path, int] = {}
    try:
        while process.poll() is None:
            assert time.monotonic() < deadline
            for one in folders_of(folder):
                follow(tails, counts, one)
                if looks < N_LOOKS and counts.get(one):
                    looks += 1
                    compare_now(one, top / f"look{looks}")
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait(LIMIT_S)
    assert process.returncode == 0, (top / "output").read_text()
    for one in folders_of(folder):
        follow(tails, counts, one)
        assert counts[one] == sum(map(len, read_by_us(one).values())), one
    return folder


def follow(tails: dict[Path, EventTail], counts: dict[Path, int], folder: Path) -> None:
    """Read new values, as an open page does."""
    if folder not in tails:
        names = event_files_in_order(path.name for path in folder.iterdir())
        tails[folder] = EventTail(folder / names[-1])
    batch = tails[folder].read()
    known = 0 if batch.was_reset else counts.get(folder, 0)
    counts[folder] = known + sum(map(len, batch.series.values()))


def compare_now(folder: Path, copy: Path) -> None:
    """The files as they are at this moment, of which the last record may be half written."""
    copy.mkdir()
    for path in filter(is_event_file, folder.iterdir()):
        shutil.copyfile(path, copy / path.name)
    expect_equal(copy)


def test_values_are_those_that_tensorboard_reads(written):
    n_points = sum(expect_equal(folder) for folder in folders_of(written))
    assert n_points >= 50


def test_runs_are_those_of_tensorboard(written):
    names = {
        os.path.relpath(folder, written).replace(os.sep, "/") for folder in folders_of(written)
    }
    found = {"." if run.name == written.name else run.name for run in read_runs(written)}
    assert found == names


def test_file_that_is_cut_at_any_byte_gives_what_tensorboard_reads(written, tmp_path):
    path = max((one for one in written.rglob("*") if is_event_file(one)), key=os.path.getsize)
    data = path.read_bytes()
    chosen = random.Random(len(data)).sample(range(len(data)), min(N_CUTS, len(data)))
    for n_bytes in sorted({*chosen, *range(len(data) - 24, len(data), 5)}):
        if n_bytes < 64:  # before the end of the first record neither reads anything
            continue
        cut = tmp_path / str(n_bytes)
        cut.mkdir()
        (cut / path.name).write_bytes(data[:n_bytes])
        expect_equal(cut)
