"""The program that starts the runners of a slot on a Ray cluster.

`python -I -S runner.zip FD FOLDER` detaches from the process that started it, which Ray may kill at
any time with all its children. Over the socket FD it receives the path of one specification after
the other, each with the socket of its run, and forks a runner for it: a fork takes a millisecond, a
new Python with its imports thirty of CPU time. When the other end of FD is gone it waits for its
runners, and removes FOLDER, which contains this program.
"""

import os
import signal
import socket
import sys

from .messages import receive_message
from .tied_runner import see_through

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .late_sampling import Sampling


def main(fd: int, folder: str, sample: "Callable[..., Sampling] | None" = None) -> int:
    """Serve until the other end of the socket is gone.

    Args:
        sample: as for `batch_runner.main`.
    """
    if os.fork():
        os._exit(0)
    os.set_inheritable(fd, False)
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)  # its requests come over the socket
    with socket.socket(fileno=fd) as sock:
        while True:
            try:
                message, files = receive_message(sock)
            except OSError:
                break
            os.set_inheritable(files[0], False)  # the training must not hold it
            _reap(os.WNOHANG)
            if os.fork() == 0:
                sock.close()
                _run_as_runner(message["spec"], files[0], sample)
            os.close(files[0])
    _reap(0)
    import shutil  # not needed before

    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _run_as_runner(
    spec_path: str, lifeline_fd: int, sample: "Callable[..., Sampling] | None"
) -> None:
    exit_code = 1
    try:
        os.setsid()
        exit_code = see_through(spec_path, lifeline_fd, sample)
    finally:
        os._exit(exit_code)


def _reap(flags: int) -> None:
    """Note which runners have ended."""
    try:
        while os.waitpid(-1, flags)[0]:
            pass
    except ChildProcessError:
        return
