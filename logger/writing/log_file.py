"""An append-only file that several processes may write at once: open, append, mend, detect loss.

There is no buffer and no lock: an append is one `write` to a file opened with O_APPEND.
"""

import errno
import os
import stat
import time
from _thread import allocate_lock
from zlib import crc32

from .. import locks, os_files
from ..paths import FILE_MODE
from ..records import (
    CHECKSUM_MASK,
    CHECKSUM_SHIFT,
    RECORD_SIZE,
    encode_header,
    encode_name,
    encode_opened_again,
    pack_payload,
    pack_record,
    scalar_head,
)
from .arguments import checked_value

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of this module
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import SupportsFloat, SupportsIndex

# otherwise the target of a link here would be written
_FLAGS = os_files.APPEND | os_files.NO_LINK


class LogFile:
    """One `.dat` that is being written.

    Attributes:
        path: absolute.
        heads: the metrics that may be written straight away, by name: what `scalar_head` returns,
            and where to write. Emptied if the file is in doubt, so that the writer calls
            `make_ready` first. Declaring a name again does no harm.
    """

    __slots__ = (
        "_begins_session",
        "_fd",
        "_identity",
        "_is_sound",
        "_lock",
        "_lock_pid",
        "heads",
        "path",
    )

    def __init__(self, path: str, *, begins_session: bool = True) -> None:
        """Args:
        path: absolute.
        begins_session: what is written continues the run if it is opened again. False in another
            process of the same training.
        """
        self.path = path
        self._begins_session = begins_session
        self.heads: dict[str, tuple[int, int]] = {}
        self._fd = -1
        self._is_sound = False
        self._identity: tuple[int, int] | None = None
        self._lock = allocate_lock()
        self._lock_pid = os.getpid()

    @property
    def is_sound(self) -> bool:
        """Whether the file is open, with no sign that writing would fail."""
        return self._is_sound

    def make_ready(self) -> None:
        """Open the file (created with its header if missing), or mend its end after a failure.

        Raises:
            OSError: it cannot be opened or written. Its folder must exist.
        """
        if self._is_sound:
            return
        if self._lock_pid != os.getpid():
            # Forked while another thread of the parent held it: nobody will release it here.
            self._lock, self._lock_pid = allocate_lock(), os.getpid()
        with self._lock:
            if self._is_sound:
                return
            if self._fd < 0:
                self._open()
            _mend(self._fd)
            self._is_sound = True

    def declare(self, name: str, identifier: int, alias: str) -> None:
        """Write a metric's name, so that its values may be written.

        Args:
            alias: the key in `heads`, if the writer uses another name for the metric.

        Raises:
            OSError: as `append`.
        """
        fd = self._fd
        self.append(encode_name(identifier, name))
        self.heads[alias] = scalar_head(identifier), fd

    def encode(
        self,
        values: "Mapping[str, SupportsFloat | SupportsIndex]",
        step: "SupportsIndex",
        wall_time: float,
    ) -> tuple[int, bytes]:
        """Return where to write, and the records of values whose metrics are declared.

        Raises:
            KeyError: a metric is not declared, or the file is in doubt. TypeError, ValueError,
                struct.error: a value or the step is not a number, or too large.
        """
        heads = self.heads
        records: list[bytes] = []
        fd = -1
        for name, value in values.items():
            if type(value) is not float:
                value = checked_value(name, value)
            head, fd = heads[name]
            checksum = crc32(pack_payload(step, wall_time, value)) & CHECKSUM_MASK
            records.append(pack_record(head ^ checksum << CHECKSUM_SHIFT, step, wall_time, value))
        return fd, b"".join(records)

    def append(self, data: bytes) -> None:
        """Write whole records.

        Raises:
            OSError: they were not written, or only in part. `make_ready` mends that.
        """
        try:
            _write_all(self._fd, data)
        except OSError:
            self._mark_doubtful()
            raise

    def find_trouble(self) -> str | None:
        """Return a sentence about what happened to the file, if it is not there as it should be.

        It costs one `fstat`. A file of an odd size is no trouble: `make_ready` mends it.
        """
        if not self._is_sound:
            return None
        try:
            found = os.fstat(self._fd)
        except OSError:
            found = None
        if found is None or os_files.file_of(found) != self._identity:
            # The number may belong to another file by now: it is not ours to close.
            self._fd = -1
            self._mark_doubtful()
            return "was closed by another part of this program. It is opened again."
        if found.st_nlink == 0:
            self._close_quietly()
            return (
                "was deleted or replaced, so the values logged so far are lost. Logging "
                "continues in a new file, if its folder is still there."
            )
        if not _is_whole(found.st_size):
            self._mark_doubtful()
        return None

    def close(self) -> None:
        """Close it. `make_ready` would open it again.

        Raises:
            OSError: the system reports a write that failed late, as network file systems do.
        """
        self._mark_doubtful()
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        try:
            os.close(fd)
        except OSError as error:
            if error.errno != errno.EBADF:  # closed by other code: nothing is lost
                raise

    def _close_quietly(self) -> None:
        try:
            self.close()
        except OSError:
            return  # the data was already lost

    def _mark_doubtful(self) -> None:
        self._is_sound = False
        self.heads.clear()

    def _open(self) -> None:
        fd = _open_or_create(self.path)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "not a regular file", self.path)
        is_again = self._begins_session and found.st_size > RECORD_SIZE
        if is_again and not locks.is_held(self.path):  # no other process writes to it meanwhile
            _mend(fd)
            _write_all(fd, encode_opened_again(time.time()))
        self._begins_session = False
        self._identity = os_files.file_of(found)
        locks.hold_shared(fd)
        self._fd = fd


def _open_or_create(path: str) -> int:
    try:
        return os.open(path, _FLAGS)
    except FileNotFoundError:
        _create_with_header(path)
        # O_CREAT for file systems without hard links: `_mend` then writes the header.
        return os.open(path, _FLAGS | os.O_CREAT, FILE_MODE)


def _create_with_header(path: str) -> None:
    """Create the file with its complete header in one step, even if another process does the
    same."""
    new_path = os.path.join(os.path.dirname(path), f".{os.getpid()}-{time.monotonic_ns()}.new")
    fd = os.open(new_path, _FLAGS | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        _write_all(fd, encode_header(time.time()))
        _link(new_path, path)
    finally:
        os.close(fd)
        os.unlink(new_path)


def _link(existing: str, path: str) -> None:
    try:
        os.link(existing, path)
    except OSError:
        return  # another process was first, or the file system has no hard links


def _mend(fd: int) -> None:
    """Pad the file to whole records, so that the next one is where readers look for it.

    Only one process does it at a time: two paddings together would leave the file odd again.
    """
    if _is_whole(os.fstat(fd).st_size) or locks.begin_repair(fd) is False:
        return
    try:
        size_bytes = os.fstat(fd).st_size
        if size_bytes == 0:
            _write_all(fd, encode_header(time.time()))
        elif not _is_whole(size_bytes):
            _write_all(fd, bytes(-size_bytes % RECORD_SIZE))
    finally:
        locks.end_repair(fd)


def _is_whole(size_bytes: int) -> bool:
    return size_bytes > 0 and size_bytes % RECORD_SIZE == 0


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
