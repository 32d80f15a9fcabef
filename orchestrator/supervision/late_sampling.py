"""Sample a process once it has run for a while: shorter processes are spared the cost."""

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Sampling(Protocol):
        """An object that samples a process."""

        def close(self) -> None: ...


class LateSampling:
    """Begins to sample in a thread.

    Args:
        begin: imports what is needed, and begins.
    """

    def __init__(self, begin: "Callable[[], Sampling]", after_s: float) -> None:
        self._begin = begin
        self._after_s = after_s
        self._sampling: Sampling | None = None
        self._is_over = _thread.allocate_lock()
        self._is_over.acquire()
        self._is_working = _thread.allocate_lock()
        self._is_working.acquire()
        _thread.start_new_thread(self._work, ())

    def _work(self) -> None:
        try:
            if not self._is_over.acquire(timeout=self._after_s):
                self._sampling = self._begin()
        finally:
            self._is_working.release()

    def close(self) -> None:
        """End it, even if it has not begun."""
        self._is_over.release()
        self._is_working.acquire()
        if self._sampling is not None:
            self._sampling.close()
