"""System-dependent file operations (opening, reading, locking, replacing) and names of machine and
user.

Linux has all of them. If another system lacks one, the function does what comes closest, and its
docstring says what that is, so that callers need no special case. What depends on the system of
processes is in `orchestrator/supervision/os_processes.py`.
"""

import errno
import os
import struct
import sys
import time

BINARY: int = getattr(os, "O_BINARY", 0)
"""Without it Windows would translate the ends of lines."""
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
"""Windows has none: see `open_without_link`."""
READ: int = os.O_RDONLY | BINARY | getattr(os, "O_NONBLOCK", 0)
"""Mode for reading. Opening a FIFO does not wait for a writer."""
APPEND: int = os.O_RDWR | os.O_APPEND | BINARY | getattr(os, "O_NONBLOCK", 0)
FOLDER: int = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)

CAN_OPEN_FOLDERS = os.open in os.supports_dir_fd and bool(NO_LINK)
"""Whether a folder can be held open, so that names can be looked up in it."""

SEEK_DATA: int = getattr(os, "SEEK_DATA", 3)
SEEK_HOLE: int = getattr(os, "SEEK_HOLE", 4)
CAN_SEEK_DATA = hasattr(os, "SEEK_DATA")
"""Whether holes of sparse files can be skipped."""

_REPLACE_FOR_S = 2.0
_TRY_AGAIN_S = 0.01


def open_without_link(path: str | os.PathLike[str], flags: int, mode: int) -> int:
    """Open a file that must not be a link.

    On Windows this is checked before opening, so that a link may still come in between. Only a user
    who may change the folder can do that.

    Raises:
        OSError: it cannot be opened. `ELOOP` if it is a link.
    """
    if not NO_LINK and os.path.islink(path):
        raise OSError(errno.ELOOP, "it is a link", os.fspath(path))
    return os.open(path, flags | NO_LINK, mode)


def file_of(status: os.stat_result) -> tuple[int, int]:
    """Return what distinguishes a file from all others of this machine, whatever its name."""
    return status.st_dev, status.st_ino


if sys.platform == "win32":

    def pread(fd: int, n_bytes: int, offset: int) -> bytes:
        """Read from a place. This moves the position, so that only one thread may use the file."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, n_bytes)

else:
    from os import pread as pread


def replace(
    path: str | os.PathLike[str], target: str | os.PathLike[str], in_folder: int | None = None
) -> None:
    """Replace one file with another in one step.

    Windows refuses this while another process has the other file open, so it is retried for a
    moment.

    Args:
        in_folder: the open folder that both names are in.

    Raises:
        OSError: it cannot be done.
    """
    give_up_at = time.monotonic() + _REPLACE_FOR_S
    while True:
        try:
            os.replace(path, target, src_dir_fd=in_folder, dst_dir_fd=in_folder)
            return
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() >= give_up_at:
                raise
            time.sleep(_TRY_AGAIN_S)


# --- locks --------------------------------------------------------------------------------------

if sys.platform == "linux":
    import fcntl

    READ_LOCK, WRITE_LOCK, UNLOCK = fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK
    _SET_LOCK, _GET_LOCK = fcntl.F_OFD_SETLK, fcntl.F_OFD_GETLK
    # struct flock: type, whence, start, length, pid. Only its 64-bit layout is known here.
    _FLOCK = struct.Struct("hhqqi4x")
    HAS_BYTE_LOCKS = sys.maxsize > 2**32

    def set_byte_lock(fd: int, kind: int, byte: int) -> bool | None:
        """Take or release a lock on one byte, owned by the open file (not by the process).

        Returns:
            Whether it is held now, or None if there are no such locks. Never waits.
        """
        if not HAS_BYTE_LOCKS:
            return None
        try:
            fcntl.fcntl(fd, _SET_LOCK, _FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0))
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # a file system without locks
            return None
        return True

    def is_byte_locked(fd: int, byte: int) -> bool | None:
        """Return whether another open file has a lock on a byte, or None if not known."""
        if not HAS_BYTE_LOCKS:
            return None
        query = _FLOCK.pack(WRITE_LOCK, os.SEEK_SET, byte, 1, 0)
        try:
            answer = fcntl.fcntl(fd, _GET_LOCK, query)
        except OSError:
            return None
        return bool(_FLOCK.unpack(answer)[0] != UNLOCK)

else:
    READ_LOCK, WRITE_LOCK, UNLOCK = 0, 1, 2
    HAS_BYTE_LOCKS = False

    def set_byte_lock(fd: int, kind: int, byte: int) -> bool | None:
        """Return None: this system has no locks that belong to the open file."""
        return None

    def is_byte_locked(fd: int, byte: int) -> bool | None:
        """Return None: this cannot be known here."""
        return None


def try_lock(fd: int) -> bool:
    """Lock the whole of an open file or folder. Returns False at once if another holds it.

    A file system without locks never blocks anyone, and neither does Windows.
    """
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


# --- limits -------------------------------------------------------------------------------------

if sys.platform == "win32":

    def allow_open_files(n_wanted: int) -> None:
        """Do nothing: sockets do not count as open files here."""

    def check_files_left(n_wanted: int) -> None:
        """Do nothing: not known here."""

    def free_space(folder: str | os.PathLike[str]) -> tuple[int, int] | None:
        """Return None: not known here."""
        return None

else:

    def allow_open_files(n_wanted: int) -> None:
        """Request a limit of so many open files. The system may grant fewer."""
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        n_most = n_wanted if hard == resource.RLIM_INFINITY else min(n_wanted, hard)
        if soft == resource.RLIM_INFINITY or soft >= n_most:
            return
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (n_most, hard))
        except (ValueError, OSError):
            return

    def check_files_left(n_wanted: int) -> None:
        """Check that this process may open so many more files.

        Raises:
            OSError: it may not, for now. EMFILE for its own limit, ENFILE for the machine's.
        """
        opened = [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)]
        try:
            while len(opened) < n_wanted:
                opened.append(os.dup(opened[0]))
        finally:
            for file in opened:
                os.close(file)

    def free_space(folder: str | os.PathLike[str]) -> tuple[int, int] | None:
        """Return how many bytes and how many files a user may add, or None if not known.

        A file system without a limit on files counts as having room for one.
        """
        try:
            disk = os.statvfs(folder)
        except OSError:
            return None
        return disk.f_bavail * disk.f_frsize, disk.f_favail if disk.f_files else 1


# --- names of machine and user ------------------------------------------------------------------

if sys.platform == "win32":

    def host_name() -> str:
        """Return the name of this machine."""
        import socket

        return socket.gethostname()

    def user_name() -> str:
        """Return the name of this process's user."""
        return os.environ["USERNAME"]

    def user_id() -> int | None:
        """Return None: users have no numbers here."""
        return None

else:

    def host_name() -> str:
        """Return the name of this machine, as `platform.node()` does, which is slow to import."""
        return os.uname().nodename

    def user_name() -> str:
        """Return the name of this process's user."""
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name

    def user_id() -> int | None:
        """Return the number of the user that this process runs as (0 for root)."""
        return os.geteuid()
