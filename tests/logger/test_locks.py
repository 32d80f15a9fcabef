import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import wait_for_exit

from ml_tracking_ops.logger import locks, os_files
from ml_tracking_ops.logger.locks import hold_exclusive, hold_shared, is_held


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.touch()
    return path


@pytest.fixture
def fds(path: Path) -> Iterator[list[int]]:
    """Two independent openings of the file."""
    opened = [os.open(path, os.O_RDWR) for _ in range(2)]
    yield opened
    for fd in opened:
        os.close(fd)


def test_file_without_a_holder_is_free(path: Path, fds: list[int]) -> None:
    assert is_held(path) is False


def test_shared_lock_is_seen_and_asking_takes_nothing(path: Path, fds: list[int]) -> None:
    assert hold_shared(fds[0]) is True
    assert is_held(path) is True
    assert is_held(str(path)) is True
    assert hold_shared(fds[1]) is True
    assert hold_exclusive(fds[1]) is False


def test_exclusive_lock_has_one_holder(path: Path, fds: list[int]) -> None:
    assert hold_exclusive(fds[0]) is True
    assert hold_exclusive(fds[1]) is False
    assert hold_shared(fds[1]) is False
    assert is_held(path) is True


def test_lock_ends_when_the_file_is_closed(path: Path) -> None:
    fd = os.open(path, os.O_RDWR)
    hold_exclusive(fd)
    os.close(fd)
    assert is_held(path) is False


def test_lock_outlives_its_process_in_a_forked_child_and_ends_with_it(path: Path) -> None:
    script = """
        import os, sys
        from ml_tracking_ops.logger.locks import hold_shared
        hold_shared(os.open(sys.argv[1], os.O_RDWR))
        child = os.fork()
        if child == 0:
            os.close(1)
            sys.stdin.readline()
            os._exit(0)
        print(child, flush=True)
        os.kill(os.getpid(), 9)
    """
    with subprocess.Popen(
        [sys.executable, "-c", "\n".join(line[8:] for line in script.splitlines()), path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.read())
        assert process.wait(timeout=60) == -signal.SIGKILL
        assert is_held(path) is True
        os.kill(child, signal.SIGKILL)
        wait_for_exit(child)
        assert is_held(path) is False


def test_locks_on_contents_by_others_do_not_count(path: Path, fds: list[int]) -> None:
    fcntl.flock(fds[0], fcntl.LOCK_EX)
    fcntl.lockf(fds[0], fcntl.LOCK_EX, 1 << 20)
    assert is_held(path) is False
    assert hold_shared(fds[1]) is True


def test_repair_has_one_holder_and_leaves_the_holders_alone(path: Path, fds: list[int]) -> None:
    hold_shared(fds[0])
    hold_shared(fds[1])
    assert locks.begin_repair(fds[0]) is True
    assert locks.begin_repair(fds[1]) is False
    locks.end_repair(fds[0])
    assert locks.begin_repair(fds[1]) is True


def test_missing_file_is_not_held(tmp_path: Path) -> None:
    assert is_held(tmp_path / "missing") is False


def test_unknown_lock_state_is_none(
    path: Path, fds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_held(path / "below a file") is None
    write_only = os.open(path, os.O_WRONLY)
    assert hold_shared(write_only) is None
    os.close(write_only)
    monkeypatch.setattr(os_files, "HAS_BYTE_LOCKS", False)
    assert hold_shared(fds[0]) is None
    assert hold_exclusive(fds[0]) is None
    assert is_held(path) is None


def test_fifo_is_answered_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert is_held(tmp_path / "fifo") in (False, None)


def test_importance_process_leaves_nothing_open(path: Path, no_leaks: None) -> None:
    assert is_held(path) is False
    assert is_held(path / "below") is None
