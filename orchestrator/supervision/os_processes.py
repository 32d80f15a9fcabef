"""System-dependent functions for processes: signals, groups, and how children end.

Linux and macOS have them, in part in different forms. Windows has none, and no sweep runs there
(`executors/local/systems.py` refuses it): there these functions can only be imported. What depends
on the system of files is in `logger/os_files.py`.

Standard library only: the supervisor's program uses it.
"""

import contextlib
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from typing import Any

if sys.platform == "win32":
    SIGCONT = SIGHUP = SIGKILL = SIGQUIT = SIGUSR1 = SIGUSR2 = signal.SIGTERM
else:
    from signal import SIGCONT as SIGCONT
    from signal import SIGHUP as SIGHUP
    from signal import SIGKILL as SIGKILL
    from signal import SIGQUIT as SIGQUIT
    from signal import SIGUSR1 as SIGUSR1
    from signal import SIGUSR2 as SIGUSR2

ASK_TO_END = (signal.SIGTERM, SIGCONT)
"""SIGCONT lets a suspended process obey."""

_NO_WINDOWS = NotImplementedError("no sweep runs on Windows")
_SET_CHILD_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


# --- signalling ---------------------------------------------------------------------------------


def signal_group(group: int, *numbers: signal.Signals) -> None:
    """Signal a process group, if it still exists."""
    if sys.platform == "win32":
        raise _NO_WINDOWS
    for number in numbers:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def signal_processes(pids: "Iterable[int]", *numbers: signal.Signals) -> None:
    """Signal those of these processes that still exist."""
    for pid in pids:
        for number in numbers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def group_exists(group: int) -> bool:
    """Return whether a process is in a group that we may signal. Zombies count on Linux."""
    if sys.platform == "win32":
        raise _NO_WINDOWS
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False  # PermissionError: only zombies are left (macOS), or the number was reused
    return True


# --- children -----------------------------------------------------------------------------------


def notice_ends_of_children() -> int:
    """Return a descriptor that becomes readable with every SIGCHLD."""
    if sys.platform == "win32":
        raise _NO_WINDOWS
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
    return read_fd


def next_exited() -> tuple[int, int] | None:
    """Return a child that has exited and its exit code. It stays a zombie if possible.

    macOS before Python 3.13 has no `waitid`: there the child is reaped.
    """
    if sys.platform == "win32":
        raise _NO_WINDOWS
    try:
        waitid = _waitid()
        if waitid is None:
            pid, status = os.waitpid(-1, os.WNOHANG)
            return (pid, os.waitstatus_to_exitcode(status)) if pid else None
        found = waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    if found is None:
        return None
    has_exited = found.si_code == os.CLD_EXITED
    return found.si_pid, found.si_status if has_exited else -found.si_status


def has_children() -> bool:
    """Return whether this process has any. False if finding out requires reaping one."""
    if sys.platform == "win32":
        raise _NO_WINDOWS
    waitid = _waitid()
    if waitid is None:
        return False
    try:
        waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _waitid() -> "Callable[[int, int, int], Any] | None":
    return getattr(os, "waitid", None)


def reap(pid: int) -> None:
    """Reap a child that has exited, if it is still there."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def adopt_orphans() -> None:
    """Have orphaned descendants become children of this process, not of init (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(ImportError, OSError, AttributeError):
            import ctypes

            ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def open_pidfd(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process exits (Linux), else None."""
    pidfd_open: Callable[[int], int] | None = getattr(os, "pidfd_open", None)
    if pidfd_open is None:
        return None
    try:
        return pidfd_open(pid)
    except OSError:
        return None


def split_process() -> int:
    """Fork. Returns 0 in the child, which leads a session of its own, else the child's number."""
    if sys.platform == "win32":
        raise _NO_WINDOWS
    pid = os.fork()
    if pid == 0:
        os.setsid()
    return pid


def n_cpus_allowed() -> int:
    """Return how many CPUs this process may use: on Linux its affinity, else all."""
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if affinity is None else len(affinity(0))


def sync_file(path: str) -> None:
    """Send what was written to a file to its server. Other machines see it from then on."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# --- sockets ------------------------------------------------------------------------------------


def send_with_files(sock: "socket.socket", data: bytes, files: "list[int]") -> int:
    """Send open files with as much of the data as there is room for. Return how much that was."""
    import socket

    if sys.platform == "win32":
        raise _NO_WINDOWS
    return socket.send_fds(sock, [data], files)


def receive_with_files(
    sock: "socket.socket", n_bytes: int, n_files: int
) -> tuple[bytes, list[int]]:
    """Return some bytes, and the open files that came with them."""
    import socket

    if sys.platform == "win32":
        raise _NO_WINDOWS
    data, files, _, _ = socket.recv_fds(sock, n_bytes, n_files)
    return data, files


# --- their output -------------------------------------------------------------------------------


def read_at(fd: int, n_bytes: int, start: int) -> bytes:
    """Read from a place of a file."""
    if sys.platform == "win32":
        raise _NO_WINDOWS
    return os.pread(fd, n_bytes, start)


def write_at(fd: int, data: bytes, start: int) -> None:
    """Write inside a file that is open for appending."""
    if sys.platform == "win32":
        raise _NO_WINDOWS
    try:
        inside = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY)
    except FileNotFoundError:  # macOS, where such a write keeps its place
        os.pwrite(fd, data, start)
        return
    try:
        os.pwrite(inside, data, start)
    finally:
        os.close(inside)
