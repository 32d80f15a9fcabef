"""System metrics of this process, sampled by a thread of it."""

import os
import threading
import time

from .. import locks
from .sampler import SAMPLE_EVERY_S, SystemSampler, system_path

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Callable

    from .sampler import Log


class SamplingThread:
    """Samples this process and those it starts, until it is closed or the process ends.

    A run that the orchestrator already samples is left to it.

    Args:
        open_log: as for `SystemSampler`.
    """

    def __init__(
        self, dat_path: str, open_log: "Callable[[str], Log]", every_s: float = SAMPLE_EVERY_S
    ) -> None:
        self._open_log = open_log
        self._dat_path = dat_path
        self._every_s = every_s
        self._pid = os.getpid()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="system metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop sampling, in the process that started it."""
        self._is_over.set()
        if os.getpid() == self._pid:
            self._thread.join(1.0)

    def _work(self) -> None:
        sampler = SystemSampler(self._open_log)
        started_at = time.time()
        path = system_path(self._dat_path)
        while not self._is_over.wait(self._every_s):
            if self._pid not in sampler:
                if os.path.exists(path) and locks.is_held(path):
                    return
                sampler.add(self._pid, self._dat_path, started_at, sampler.gpus.visible())
            sampler.sample()
        sampler.close()
