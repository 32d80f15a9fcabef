"""One training process on a node of a Ray cluster: a program of its own.

`python -I -S runner.zip RUN.json FD` starts the process, waits for it, and takes down in the run's
record what happened, as `batch_runner` does in a job of Slurm. It leaves the process that started
it, which Ray may kill at any time with all its children. What ties them together is a pipe:

    s     the sweep stops the run: the process's group is asked to end, and has a grace period
    k     the process's group is ended at once
    end   the holder of the other end is gone: as `s`
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
    from .messages import Message

STOP, KILL = b"s", b"k"


class TiedRunner(JobRunner):
    """Sees one process through, as long as somebody holds the other end of a pipe.

    Args:
        lifeline_fd: the end that is read here.
    """

    def __init__(
        self, spec: "Message", process: JobProcess, wakeup_fd: int, lifeline_fd: int
    ) -> None:
        super().__init__(spec, process, wakeup_fd)
        self._lifeline_fd = lifeline_fd
        self._poll.register(lifeline_fd, select.POLLIN)

    def _hear(self, fd: int) -> None:
        if fd != self._lifeline_fd:
            super()._hear(fd)
            return
        heard = os.read(fd, 4096)
        if not heard:
            self._poll.unregister(fd)
            self._stop("abandoned")
        if STOP in heard:
            self._stop("stop")
        if KILL in heard:
            self._obey(SIGQUIT)


def main(spec_path: str, lifeline_fd: int) -> int:
    """Run what a specification says, in a process that is nobody's child."""
    if os.fork():
        os._exit(0)
    os.set_inheritable(lifeline_fd, False)
    return run_spec(
        spec_path,
        lambda spec, process, wakeup_fd: TiedRunner(spec, process, wakeup_fd, lifeline_fd),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
