"""A disk that is really full: what was kept back is written once there is room, and all is true."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disk import SmallDisk, small_disk
from sweeps import (
    COMMAND,
    choice,
    processes_with,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator.store.process_records import read_processes


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Return the log folder, on a separate disk. Nothing runs after the test."""
    with small_disk(tmp_path / "runs") as disk:
        yield disk
        (tmp_path / "misbehaves.go").touch()
        wait_until(lambda: not processes_with(str(tmp_path)), "the processes to end")


def start(disk: SmallDisk, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    with (folder / "output").open("w") as output:
        return subprocess.Popen(
            [*disk.prefix, *COMMAND, "sweep", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            text=True,
        )


def test_disk_that_fills_while_logging_printing_and_journalling(
    disk: SmallDisk, tmp_path: Path
) -> None:
    """The run itself fills it, logging and printing, and ends while there is no room.

    What the journal has to say of the next run is more than is left in its last block.
    """
    write_config(
        tmp_path,
        "misbehaves.py",
        max_runs=2,
        hyperparameters={
            "what": choice("fill_the_disk"),
            "long": choice("l" * 6_000),
        },
    )
    sweep = start(disk, tmp_path, "--workers", "1")
    wait_until(lambda: list(disk.folder.glob("*/*.dat")), "the run")
    folder = sweep_folder(disk.folder)
    (disk.folder / "ballast").write_bytes(bytes(200 << 10))
    wait_until(lambda: disk.is_full, "the disk to be full")
    disk.fill()
    (tmp_path / "misbehaves.go").touch()
    output = tmp_path / "output"
    wait_until(lambda: "kept in memory" in output.read_text(), "the warning")
    wait_until(lambda: "runs wait" in output.read_text().lower(), "the second run to wait")
    assert len(list(folder.glob("*.dat"))) == 1
    assert set(state_of(folder).runs) == {1}  # what could not be written is not there in part
    disk.free()
    assert sweep.wait(60) == 0
    record = state_of(folder)
    assert (record.state, record.n_skipped, record.counts) == ("finished", 0, {"finished": 2})
    assert [run.attempt for run in record.runs.values()] == [1, 1]
    records = read_processes(folder / "processes.jsonl")
    assert [record.exit_code for record in records.values()] == [0, 0]
    assert "Traceback" not in output.read_text()
    check_what_the_run_wrote(folder / str(record.runs[1].name))
    assert metrics_of(folder / str(record.runs[2].name)) == [0]


def check_what_the_run_wrote(run: Path) -> None:
    """Check every value up to the full disk, without duplicates, and whole lines of the output."""
    steps = metrics_of(run)
    assert steps[:1_000] == [*range(1_000)]
    assert steps == sorted(set(steps))
    printed = run.with_suffix(".log").read_text().splitlines()
    assert len(printed) > 100
    assert {line for line in printed[:-1] if "ml-tracking-ops" not in line} == {"x" * 10}


def metrics_of(run: Path) -> list[int]:
    steps: list[int] = read_log(run.with_suffix(".dat"))["Accuracy"].step.tolist()
    return steps


def test_interrupted_on_a_full_disk_it_does_not_wait_and_a_resume_does_the_rest(
    disk: SmallDisk, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    write_config(
        tmp_path,
        "waits_for_file.py",
        max_runs=2,
        hyperparameters={
            "until": choice(str(flag)),
            "long": choice("l" * 6_000),
        },
    )
    sweep = start(disk, tmp_path, "--workers", "1")
    wait_until(lambda: "ready" in "".join(p.read_text() for p in disk.folder.glob("*/*_0001.log")))
    folder = sweep_folder(disk.folder)
    disk.fill()
    flag.touch()
    wait_until(
        lambda: "runs wait" in (tmp_path / "output").read_text().lower(), "the second run to wait"
    )
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(60) == 130
    disk.free()
    assert start(disk, tmp_path, "--resume", str(tmp_path / "runs" / folder.name)).wait(60) == 0
    record = state_of(folder)
    assert record.counts == {"finished": 2}
    assert [run.attempt for run in record.runs.values()] == [1, 1]


def test_run_that_could_log_nothing_names_the_disk(disk: SmallDisk, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    write_config(tmp_path, "waits_for_file.py", max_runs=1)
    (tmp_path / "waits_for_file.py").write_text(
        "import pathlib, time\n"
        "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
        "print('ready', flush=True)\n"
        f"while not pathlib.Path({str(flag)!r}).exists():\n"
        "    time.sleep(0.005)\n"
        "with ExperimentLogger() as writer:\n"
        "    writer.add_scalar('Accuracy', 1.0, 0)\n"
    )
    sweep = start(disk, tmp_path)
    wait_until(lambda: "ready" in "".join(p.read_text() for p in disk.folder.glob("*/*_0001.log")))
    disk.fill()
    flag.touch()
    output = tmp_path / "output"
    wait_until(lambda: "has logged nothing" in output.read_text(), "the warning")
    disk.free()
    assert sweep.wait(60) == 0
    assert "is full (0 bytes left): its log cannot be written" in output.read_text()
    assert "add_scalar" not in output.read_text()


def test_disk_that_is_full_before_the_sweep_begins(disk: SmallDisk, tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=1)
    disk.fill()
    assert start(disk, tmp_path).wait(60) == 1
    message = (tmp_path / "output").read_text()
    assert "No space left on device" in message
    assert "Traceback" not in message
