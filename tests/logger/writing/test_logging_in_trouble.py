"""Disks, folders and descriptors that fail: no training ends by that."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from training_scripts import finish, run_script, steps

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.records import RECORD_SIZE


class SmallDisk:
    """A folder whose disk can be filled and freed again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, n_bytes_left: int) -> None:
        """No file of the folder can grow by more than this number of bytes."""
        raise NotImplementedError

    def free(self) -> None:
        """Make room again."""
        raise NotImplementedError


class LimitedDisk(SmallDisk):
    """By this process's own limit on the size of files."""

    def fill(self, n_bytes_left: int) -> None:
        size_bytes = max(path.stat().st_size for path in self.folder.rglob("*.dat"))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes + n_bytes_left, hard))

    def free(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


class RealSmallDisk(SmallDisk):
    """A file system of 256 kB, really full: it can be cut at whole pages only."""

    def fill(self, n_bytes_left: int) -> None:
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                return

    def free(self) -> None:
        (self.folder / "ballast").unlink()


@pytest.fixture(params=["limit", "real"])
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SmallDisk]:
    """If no file system can be mounted on this machine, both are the limit."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    is_mounted = (
        request.param == "real"
        and subprocess.run(mount, capture_output=True, timeout=60).returncode == 0
    )
    disk = RealSmallDisk(tmp_path) if is_mounted else LimitedDisk(tmp_path)
    try:
        yield disk
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(tmp_path)], check=True, timeout=60)
        else:
            disk.free()


def fill_up(logger: ExperimentLogger, first_step: int) -> int:
    """Log until a value is dropped, and some more. Return the next step."""
    step = first_step
    while logger.n_dropped < 10:
        logger.add_scalar("loss", step, step)
        step += 1
    return step


def test_full_disk_drops_only_what_did_not_fit(
    small_disk: SmallDisk, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = ExperimentLogger(small_disk.folder)
    for step in range(100):
        logger.add_scalar("loss", step, step)
    small_disk.fill(n_bytes_left=7 * RECORD_SIZE + 5)
    try:
        after = fill_up(logger, 100)
        logger.add_scalar("another", 1.0, 1)
    finally:
        small_disk.free()
    for step in range(after, after + 100):
        logger.add_scalar("loss", step, step)
    logger.close()
    log = read_log(logger.path)
    n_torn = log.n_skipped
    assert n_torn <= 1
    assert steps(log) == [*range(after - 10), *range(after, after + 100)]
    assert logger.n_dropped == 11
    assert log.is_closed
    first, last = capfd.readouterr().err.splitlines()
    assert "Training continues" in first
    assert logger.path in first
    assert "11 values could not be written" in last


def test_full_disk_at_the_start_does_not_end_the_sweep(
    small_disk: SmallDisk, capfd: pytest.CaptureFixture[str]
) -> None:
    ExperimentLogger(small_disk.folder).close()
    small_disk.fill(n_bytes_left=-64)
    try:
        logger = ExperimentLogger(small_disk.folder)
        logger.add_scalar("loss", 1.0, 1)
        assert logger.n_dropped == 1
    finally:
        small_disk.free()
    logger.add_scalar("loss", 1.0, 2)
    logger.close()
    assert steps(read_log(logger.path)) == [2]
    assert "1 value could not be written" in capfd.readouterr().err


def test_short_write_is_completed(run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:13]))
        logger.add_scalar("loss", 1.0, 2)
        logger.add_scalar("a name that takes more than one part", 1.0, 2)
        monkeypatch.undo()
        logger.add_scalar("loss", 1.0, 3)
    log = read_log(run_file)
    assert steps(log) == [1, 2, 3]
    assert len(log) == 2
    assert log.n_skipped == 0


@pytest.mark.parametrize("size_bytes", [1, 31, 33, 95])
def test_file_of_an_odd_size_is_padded_before_the_next_value(
    run_file: Path, size_bytes: int
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    os.truncate(run_file, size_bytes)
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 2)
    log = read_log(run_file)
    assert steps(log) == [2]
    assert run_file.stat().st_size % RECORD_SIZE == 0


def test_empty_file_gets_its_header(run_file: Path) -> None:
    run_file.touch()
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    log = read_log(run_file)
    assert log.created_at is not None
    assert (steps(log), log.n_skipped) == ([1], 0)


def test_file_made_odd_by_another_writer_is_mended_within_a_second(
    run_file: Path, later: Callable[[], None]
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
        with run_file.open("ab") as other:
            other.write(b"half a rec")
        later()
        logger.add_scalar("loss", 1.0, 2)  # is where no reader looks. The file is checked now
        logger.add_scalar("loss", 1.0, 3)
    assert steps(read_log(run_file)) == [1, 3]


def test_deleted_file_is_reported_and_created_again(
    run_file: Path, later: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalars({"loss": 1.0, "accuracy": 1.0}, 1)
        run_file.unlink()
        later()
        logger.add_scalar("loss", 1.0, 2)  # goes into the old file. The file is checked now
        logger.add_scalars({"loss": 1.0, "accuracy": 1.0}, 3)
    log = read_log(run_file)
    assert {name: steps(log, name) for name in log} == {"loss": [3], "accuracy": [3]}
    assert log.is_closed
    assert "was deleted or replaced" in capsys.readouterr().err


def test_deleted_folder_is_reported_once_and_stays_deleted(
    tmp_path: Path, later: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    logger = ExperimentLogger(tmp_path)
    logger.add_scalar("loss", 1.0, 1)
    os.unlink(logger.path)
    shutil.rmtree(logger.folder)
    later()
    for step in range(100):
        logger.add_scalar("loss", 1.0, step)
    logger.close()
    assert logger.n_dropped == 99
    assert os.listdir(tmp_path) == []
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert "99 values could not be written" in errors[-1]


def test_renamed_folder_loses_nothing(tmp_path: Path, later: Callable[[], None]) -> None:
    logger = ExperimentLogger(tmp_path / "runs")
    logger.add_scalar("loss", 1.0, 1)
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    later()
    logger.add_scalar("loss", 1.0, 2)
    logger.add_scalar("loss", 1.0, 3)
    logger.close()
    (folder,) = (tmp_path / "elsewhere").iterdir()
    assert steps(read_log(folder)) == [1, 2, 3]


def descriptor_of(path: Path) -> int:
    links = ((fd, f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
    return next(int(fd) for fd, link in links if os.path.realpath(link) == str(path))


def test_descriptor_closed_by_somebody_else_loses_nothing(run_file: Path) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
        os.close(descriptor_of(run_file))
        logger.add_scalar("loss", 1.0, 2)
        assert logger.n_dropped == 0
        assert is_held(run_file) is True
    log = read_log(run_file)
    assert steps(log) == [1, 2]
    assert log.is_closed


def test_descriptor_that_became_another_file_is_left_alone(
    run_file: Path, tmp_path: Path, later: Callable[[], None]
) -> None:
    with ExperimentLogger() as logger, (tmp_path / "other").open("wb") as other:
        logger.add_scalar("loss", 1.0, 1)
        fd = descriptor_of(run_file)
        os.dup2(other.fileno(), fd)
        later()
        logger.add_scalar("loss", 1.0, 2)  # noticed now
        logger.add_scalar("loss", 1.0, 3)
        os.close(fd)
    assert steps(read_log(run_file)) == [1, 3]


def test_unusable_logdir_does_not_end_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with ExperimentLogger(tmp_path / "file" / "runs") as logger:
        for step in range(3):
            logger.add_scalar("loss", 1.0, step)
        with pytest.raises(TypeError):
            logger.add_scalar("loss", "wrong", 1)  # type: ignore[arg-type]
        assert logger.n_dropped == 3
        (tmp_path / "file").unlink()
        logger.add_scalar("loss", 1.0, 3)
    assert steps(read_log(logger.path)) == [3]
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert "Not a directory" in errors[0] or "File exists" in errors[0]


def test_fifo_in_place_of_the_file_does_not_stop_the_training(run_file: Path) -> None:
    os.mkfifo(run_file)
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    assert logger.n_dropped == 1


@pytest.mark.parametrize("closing", ["sys.stderr.close()", "sys.stderr = None", "os.close(2)"])
def test_trouble_does_not_end_a_training_with_strict_warnings_or_without_stderr(
    tmp_path: Path, closing: str
) -> None:
    script = f"""
        {closing}
        logger = ExperimentLogger("/dev/null/runs")
        logger.add_scalar("loss", 1.0, 1)
        logger.close()
        print(logger.n_dropped)
    """
    output, _ = finish(run_script(script, options=("-W", "error")))
    assert output == "1\n"


def test_file_system_without_hard_links_will_do(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    log = read_log(run_file)
    assert log.created_at is not None
    assert (steps(log), log.n_skipped) == ([1], 0)
    assert os.listdir(run_file.parent) == ["run.dat"]
