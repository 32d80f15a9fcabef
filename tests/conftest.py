"""Fixtures and checks for all tests: nothing may be left open or running."""

import os
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ml_tracking_ops.logger import os_files

pytest_plugins = ["child_signals", "leftovers"]

# machines are shared and noisy, so examples have no deadline. The examples are the same
# in every run, so that a run says something of a change; HYPOTHESIS_RANDOM=1 looks for new ones
settings.register_profile(
    "project",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("HYPOTHESIS_RANDOM"),
)
settings.load_profile("project")

# some container images set it, and then every process of a test compiles all of our code
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    help_ = "decides at which moments the tests of faults strike; other seeds, other moments"
    parser.addoption("--moments", type=int, default=5, metavar="SEED", help=help_)


@pytest.fixture
def moments(request: pytest.FixtureRequest) -> Random:
    """The moments of a fault, as the option --moments says."""
    return Random(request.config.getoption("--moments"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def read_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of all reads of log files."""
    sizes: list[int] = []
    pread = os_files.pread

    class CountedFile(FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            sizes.append(len(data))
            return data

        def readinto(self, buffer: Any, /) -> int | None:
            n_bytes = super().readinto(buffer)
            sizes.append(n_bytes or 0)
            return n_bytes

    def counted_pread(fd: int, size: int, offset: int) -> bytes:
        data = pread(fd, size, offset)
        sizes.append(len(data))
        return data

    monkeypatch.setattr("ml_tracking_ops.logger.reading.source.FileIO", CountedFile)
    monkeypatch.setattr("ml_tracking_ops.logger.reading.tail.FileIO", CountedFile)
    monkeypatch.setattr("ml_tracking_ops.logger.os_files.pread", counted_pread)
    return sizes


@pytest.fixture(autouse=True)
def _own_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A test run inside a sweep must not write into that sweep's run."""
    monkeypatch.delenv("ML_TRACKING_OPS_RUN_FILE", raising=False)
    # the cache of one test must not serve another
    monkeypatch.setenv("ML_TRACKING_OPS_CACHE_MB", "0")
    # made-up names, so that no other test has these GPUs
    runtime = tmp_path_factory.getbasetemp() / "runtime"
    monkeypatch.setenv("ML_TRACKING_OPS_RUNTIME_DIR", str(runtime))


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fail a test that leaves file descriptors open."""
    before = _open_files()
    yield
    left = _open_files() - before
    assert not left, f"left open: {left}"


def _open_files() -> set[tuple[str, str]]:
    """Return open descriptors with their files, because numbers are reused."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the descriptor of the folder itself is closed
            found.add((name, os.readlink(f"/proc/self/fd/{name}")))
    return found
