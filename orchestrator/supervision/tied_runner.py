"""One training process on a node of a Ray cluster: a process of its own, which `slot_server` forks.

It starts the training, waits for it, and records what happened in the run's record, as
`batch_runner` does in a job of Slurm. A socket connects it to the actor of its slot:

    s     the sweep stops the run: the process's group is asked to end, and has a grace period
    k     the process's group is ended at once
    end   the holder of the other end is gone: as `s`, and the folder `own_folder` of the
          specification is removed at the end, since nothing else does

The process at the other end learns in the same way that this process has ended.
"""

import os
import select
import sys

from .batch_runner import JobProcess, JobRunner
from .batch_runner import main as run_spec
from .os_processes import SIGQUIT

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .late_sampling import Sampling
    from .messages import Message

STOP, KILL = b"s", b"k"


class TiedRunner(JobRunner):
    """Follows one process to its end, as long as the other end of a socket is held.

    Args:
        lifeline_fd: the end that is read here.
    """

    def __init__(
        self, spec: "Message", process: JobProcess, wakeup_fd: int, lifeline_fd: int
    ) -> None:
        super().__init__(spec, process, wakeup_fd)
        self._lifeline_fd = lifeline_fd
        self._is_abandoned = False
        self._poll.register(lifeline_fd, select.POLLIN)

    def see_through(self) -> int:
        exit_code = super().see_through()
        if self._is_abandoned:
            import shutil  # which most runs do not need

            shutil.rmtree(self._spec["own_folder"], ignore_errors=True)
        return exit_code

    def _hear(self, fd: int) -> None:
        if fd != self._lifeline_fd:
            super()._hear(fd)
            return
        heard = os.read(fd, 4096)
        if not heard:
            self._poll.unregister(fd)
            self._is_abandoned = True
            self._stop("abandoned")
        if STOP in heard:
            self._stop("stop")
        if KILL in heard:
            self._obey(SIGQUIT)


def see_through(
    spec_path: str, lifeline_fd: int, sample: "Callable[..., Sampling] | None" = None
) -> int:
    """Run what a specification describes, and return the exit code.

    Args:
        sample: as for `batch_runner.main`.
    """
    return run_spec(
        spec_path,
        lambda spec, process, wakeup_fd: TiedRunner(spec, process, wakeup_fd, lifeline_fd),
        sample,
    )
