"""Sample the system metrics of another process, in a thread of this one.

The runner of a run in a batch job uses it. It has only the standard library, and a few modules of
ours.
"""

import sys
import threading

from .sampler import SAMPLE_EVERY_S, SystemSampler

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .sampler import Log


class OutsideSampling:
    """Samples a process and all that it starts, until it is closed.

    Args:
        open_log: as for `SystemSampler`.
        pid: the process's.
        dat_path: the run's log. The samples are beside it.
        started_at: when the process was started, in seconds since the epoch.
        folders: where packages are that ask GPUs, besides those on the path.
    """

    def __init__(
        self,
        open_log: "Callable[[str], Log]",
        pid: int,
        dat_path: str,
        started_at: float,
        folders: "Iterable[str]" = (),
        every_s: float = SAMPLE_EVERY_S,
    ) -> None:
        self._every_s = every_s
        self._folders = list(folders)
        self._sampler = SystemSampler(open_log)
        self._sampled = pid, dat_path, started_at
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="system metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and complete the log."""
        self._is_over.set()
        self._thread.join(self._every_s)

    def _work(self) -> None:
        sys.path.extend(self._folders)
        sampler = self._sampler
        sampler.add(*self._sampled, sampler.gpus.visible())
        sampler.sample()
        while not self._is_over.wait(self._every_s):
            sampler.sample()
        sampler.close()
