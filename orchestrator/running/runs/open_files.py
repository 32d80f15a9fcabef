"""Wait for what needs open files: a run's start, imports that take long, the last look at a log."""

import importlib

import anyio
import anyio.to_thread

from ml_tracking_ops.logger import os_files

from ...errors import SweepError
from ...store.files.disk import is_passing

_FOR_SWEEP = 32
_FOR_START = 12
"""More than the reading of the runs that are under way needs, and what is imported for it."""

_FOR_READING = 3
_LOOK_AGAIN_S = 0.1
LAST_WAIT_S = 5.0
"""How long to wait for open files where nothing else may wait."""

_done: set[str] = set()


async def import_in_thread(*names: str) -> None:
    """Import modules, once, in a thread. An import statement takes no time after that."""
    for name in names:
        if name not in _done:
            with anyio.move_on_after(LAST_WAIT_S):
                await wait_to_read()
            await anyio.to_thread.run_sync(importlib.import_module, name)
            _done.add(name)


def check_sweep_can_open_files() -> None:
    """Check that enough files can be opened for a sweep.

    Raises:
        SweepError: they cannot.
    """
    try:
        os_files.check_files_left(_FOR_SWEEP)
    except OSError as error:
        raise SweepError(
            f"a sweep needs {_FOR_SWEEP} files that can be opened, and two for each run at once: "
            f"{error.strerror}. Allow more with ulimit -n, such as ulimit -n 1024"
        ) from error


def check_run_can_start() -> None:
    """Check that the other runs can still be read once another run has started.

    Raises:
        OSError: too few files can be opened, for now.
    """
    os_files.check_files_left(_FOR_START)


def trouble_to_read() -> str | None:
    """Explain why no log can be opened for now, or return None."""
    try:
        os_files.check_files_left(_FOR_READING)
    except OSError as error:
        return str(error) if is_passing(error) else None
    return None


async def wait_to_read() -> None:
    """Wait until the log of a run can be opened."""
    while trouble_to_read() is not None:  # noqa: ASYNC110 - no event tells of it
        await anyio.sleep(_LOOK_AGAIN_S)
