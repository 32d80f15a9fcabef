"""Ends the processes that a failed test leaves behind, so that they disturb no other test."""

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
    """Mark the environment, so that every process that a test started can be recognised."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_MARK, f"{os.getpid()}-{next(_numbers)}")
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the processes at once, because the teardown of fixtures waits for them."""
    report = yield
    if report.failed:
        item.stash[_HAS_FAILED] = True
        mark = os.environ.get(_MARK, "")
        try:
            end_processes(mark)
        except pytest.fail.Exception:  # the time limit of the test was raised only now
            end_processes(mark)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    if item.stash.get(_HAS_FAILED, False):
        forget_objects()
    return result


def end_processes(mark: str) -> None:
    """Kill every process with the mark in its environment, and what they start meanwhile."""
    end_s = time.monotonic() + _LIMIT_S
    while mark and time.monotonic() < end_s and (found := marked_processes(mark)):
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        _reap(found)


def marked_processes(mark: str) -> list[int]:
    """Return running processes with the mark in their initial environment."""
    entry = f"{_MARK}={mark}".encode()
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if entry in Path("/proc", name, "environ").read_bytes().split(b"\0"):
                found.append(int(name))
    return found


def own_processes_with(text: str) -> list[int]:
    """Return the running processes of this test run whose command line contains `text`."""
    found = []
    for pid in marked_processes(os.environ[_MARK]):
        with contextlib.suppress(OSError):
            if text.encode() in Path("/proc", str(pid), "cmdline").read_bytes():
                found.append(pid)
    return found


def _reap(pids: list[int]) -> None:
    """Wait for those that are child processes."""
    for child in [o for o in gc.get_objects() if isinstance(o, subprocess.Popen)]:
        if child.pid in pids:
            child.wait(60)


def forget_objects() -> None:
    """Close files and sockets that only the traceback refers to, so that no warning follows."""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()
