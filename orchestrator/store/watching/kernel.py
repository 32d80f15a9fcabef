"""The kernel's file events, through watchfiles.

The public `watchfiles.awatch` waits at least one step for each item, keeps the length of its steps,
and opens a thread for each: too late for stopping rules and too much work in a silence. So this
module uses its private core. `pyproject.toml` limits its version, and
`tests/orchestrator/store/watching/test_kernel_watch.py` fails when it changes.
"""

import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_DEBOUNCE_MS = 1
_NO_POLLING_MS = 300  # it is required even though nothing is polled


class NoWatchError(Exception):
    """The kernel gives no watch: there are no more of them, or it has none."""


class KernelWatch(AbstractContextManager["KernelWatch"]):
    """Events under a folder, recursively, from the moment this is created.

    Raises:
        FileNotFoundError: the folder is gone.
        NoWatchError: the kernel gives no watch.
    """

    def __init__(self, folder: Path) -> None:
        self._notify = _open_notify(folder)
        self._stop = threading.Event()

    async def wait(self, step_ms: int, within_ms: int) -> set[Path] | None:
        """Wait for events until none has come for a step. Returns None if there is none in time.

        A wait that is cancelled leaves its thread, which ends when this is closed.
        """
        raw = await anyio.to_thread.run_sync(
            self._notify.watch, _DEBOUNCE_MS, step_ms, within_ms, self._stop, abandon_on_cancel=True
        )
        return {Path(path) for _, path in raw} if isinstance(raw, set) else None

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self._stop.set()  # a thread inside `watch` sees this within a step
        self._notify.close()


def _open_notify(folder: Path) -> "RustNotify":
    from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

    try:
        return RustNotify([str(folder)], False, False, _NO_POLLING_MS, True, True)
    except FileNotFoundError:
        raise
    except (OSError, WatchfilesRustInternalError) as error:
        raise NoWatchError(str(error)) from error
