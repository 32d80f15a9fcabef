"""Other operating systems on Linux: functions that they lack are removed.

Their own functions (of Windows, of the kernel of macOS) are missing too. So this shows that the
code works without the removed functions, not that it works on the real system.
"""

import asyncio
import builtins
import ctypes.util  # noqa: F401  (it would look for modules of that system later)
import errno
import io
import os
import shutil
import signal
import socket
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOT_IN_WINDOWS: dict[Any, tuple[str, ...]] = {
    os: (
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "SEEK_DATA", "SEEK_HOLE"),
        *("fchmod", "fork", "forkpty", "geteuid", "getuid", "getpgid", "killpg", "mkfifo"),
        *("pidfd_open", "posix_spawn", "posix_spawnp", "pread", "pwrite", "register_at_fork"),
        *("sched_getaffinity", "setsid", "statvfs", "uname", "waitid"),
    ),
    signal: ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGPIPE", "SIGXFSZ", "SIGCHLD", "SIGCONT"),
    socket: ("AF_NETLINK", "send_fds", "recv_fds"),
}
NO_MODULES_IN_WINDOWS = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")


def become_windows() -> None:
    """Call this after importing libraries and before importing our code."""
    sysconfig.get_config_vars()  # which would look for a file of that system's Python
    for module, names in NOT_IN_WINDOWS.items():
        for name in names:
            delattr(module, name)
    for name in NO_MODULES_IN_WINDOWS:
        sys.modules[name] = None  # type: ignore[assignment]
    os.supports_dir_fd = set()
    os.supports_fd = set()
    os.environ["USERNAME"] = "mia"
    asyncio.ProactorEventLoop = asyncio.SelectorEventLoop  # type: ignore[attr-defined]
    os.open = _refusing(os.open, os.path.isdir, PermissionError)
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    _hide_proc()
    sys.platform = "win32"


def become_macos() -> None:
    """Call this before anything else is imported."""
    import fcntl

    sysconfig.get_config_vars()  # which would look for a file of that system's Python
    for name in ("waitid", "pidfd_open", "sched_getaffinity"):
        delattr(os, name)
    for name in ("F_OFD_SETLK", "F_OFD_SETLKW", "F_OFD_GETLK"):
        delattr(fcntl, name)
    _hide_proc()
    sys.platform = "darwin"


def _hide_proc() -> None:
    for module, name in (
        (os, "open"),
        (os, "listdir"),
        (os, "readlink"),
        (os, "stat"),
        (io, "open"),
        (builtins, "open"),
    ):
        setattr(module, name, _refusing(getattr(module, name), _is_in_proc, FileNotFoundError))


def _is_in_proc(path: object) -> bool:
    return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith("/proc")


def _refusing(
    function: Callable[..., Any], is_refused: Callable[[Any], bool], error: type[OSError]
) -> Callable[..., Any]:
    def call(path: Any = ".", *arguments: Any, **named: Any) -> Any:
        if not isinstance(path, int) and is_refused(path):
            number = errno.EACCES if error is PermissionError else errno.ENOENT
            raise error(number, os.strerror(number), path)
        return function(path, *arguments, **named)

    return call


_SITE = """
import sys
sys.path.append({support!r})
import other_systems
other_systems.become_macos()
sys.executable = {python!r}
"""
_PYTHON = """#!{python}
import os, sys
arguments = sys.argv[1:]
if "-S" in arguments:  # a program that is to start without the environment's modules
    place = arguments.index("-c") + 1
    code = "import sys; sys.path.append({support!r}); import other_systems as o; o.become_macos()"
    arguments[place] = code + "\\n" + arguments[place]
os.execv({python!r}, [{python!r}, *arguments])
"""


def macos_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which every Python believes that it is on macOS."""
    support = str(Path(__file__).parent)
    python = folder / "python"
    python.write_text(_PYTHON.format(python=sys.executable, support=support))
    python.chmod(0o755)
    (folder / "sitecustomize.py").write_text(_SITE.format(support=support, python=str(python)))
    return {**os.environ, "PYTHONPATH": str(folder)}
