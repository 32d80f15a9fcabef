"""What a failed test leaves behind is ended, so that no other test fails because of it."""

import contextlib
import gc
import itertools
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

_MARK = "ML_TRACKING_OPS_TEST"
_HAS_FAILED = pytest.StashKey[bool]()
_LIMIT_S = 60
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def process_mark(request: pytest.FixtureRequest) -> Iterator[None]:
    """Mark the environment: a process that a test started is known by it, however it hides."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_MARK, f"{os.getpid()}-{next(_numbers)}")
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the processes at once: what is left of the fixtures waits for them."""
    report = yield
    if report.failed:
        item.stash[_HAS_FAILED] = True
        mark = os.environ.get(_MARK, "")
        try:
            end_processes(mark)
        except pytest.fail.Exception:  # the test's time limit, which comes once, came only now
            end_processes(mark)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    if item.stash.get(_HAS_FAILED, False):
        forget_objects()
    return result


def end_processes(mark: str) -> None:
    """Kill every process whose environment has the mark, and all that these start meanwhile."""
    end_s = time.monotonic() + _LIMIT_S
    while mark and time.monotonic() < end_s and (found := marked_processes(mark)):
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        _reap(found)


def marked_processes(mark: str) -> list[int]:
    """Processes that still run; of this one's environment the kernel shows what it began with."""
    entry = f"{_MARK}={mark}".encode()
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if entry in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                found.append(int(name))
    return found


def own_processes_with(text: str) -> list[int]:
    """The running processes of this test whose command line holds `text`, not another run's."""
    found = []
    for pid in marked_processes(os.environ[_MARK]):
        with contextlib.suppress(OSError):
            if text.encode() in Path("/proc", str(pid), "cmdline").read_bytes():
                found.append(pid)
    return found


def _reap(pids: list[int]) -> None:
    """Wait for those that are children of ours."""
    for child in [o for o in gc.get_objects() if isinstance(o, subprocess.Popen)]:
        if child.pid in pids:
            child.wait(60)


def forget_objects() -> None:
    """Close files and sockets that only the traceback holds, without a warning in the next test."""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
