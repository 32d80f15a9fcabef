"""Open a log for reading, and find out what it is."""

import os
import re
import stat
from dataclasses import dataclass
from io import FileIO

import numpy as np

from ..guarded import READ, open_guarded
from ..records import RECORD_SIZE, LogFormatError, decode_header, has_magic
from .checksums import are_intact, as_rows
from .columns import CHUNK_BYTES

_MAX_LEGACY_BYTES = 64 << 10
_LEGACY_VALUES = re.compile(rb'"\s*:\s*"gA|^\s*\{\s*\}\s*$')
"""The values in a log of the original tool: a pickle in base64, or no metric at all."""
_MAX_SEARCHED_BYTES = 64 << 20
_RECORDS_PER_FIND = 4096


@dataclass(frozen=True, slots=True)
class Origin:
    """What the beginning of a file shows.

    Attributes:
        created_at: seconds since the epoch, or None if the header is damaged or missing.
        is_legacy: written by the original tool.
        has_header: False for a file that is still shorter than its header.
    """

    created_at: float | None
    is_legacy: bool = False
    has_header: bool = True


def open_regular(path: str | os.PathLike[str], *, follow_link: bool = True) -> FileIO:
    """Open a file for reading. Never waits, even if the path is a FIFO.

    Args:
        follow_link: whether a link at the path may lead to a file elsewhere. Without, see
            `guarded`.

    Raises:
        OSError: it cannot be opened.
        LogFormatError: it is not a regular file.
    """
    return FileIO(open_descriptor(path, follow_link=follow_link)[0])


def open_descriptor(
    path: str | os.PathLike[str], *, follow_link: bool = True
) -> tuple[int, os.stat_result]:
    """Open as above, but return a descriptor: a file object costs as much as opening the file."""
    fd = os.open(path, READ) if follow_link else open_guarded(path, READ)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise LogFormatError(f"{os.fspath(path)} is not a log: it is not a regular file")
    return fd, found


def identify_log(file: FileIO, path: str) -> Origin:
    """Identify a log by its header, or, if that is damaged, by the records behind it.

    Raises:
        LogFormatError: it is no log, or a newer version wrote it.
    """
    file.seek(0)
    header = file.read(RECORD_SIZE)
    created_at = decode_header(header, path)
    if created_at is not None:
        return Origin(created_at)
    if header.lstrip()[:1] == b"{" and b"\0" not in header:
        return Origin(None, is_legacy=True)
    if len(header) < RECORD_SIZE and has_magic(header):
        return Origin(None, has_header=False)
    if has_magic(header) or _holds_records(file):
        return Origin(None)
    raise LogFormatError(
        f"{path} is not a log: it has neither the header of a .dat file nor a single intact record"
    )


def is_log(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is a log of this package or of the original tool, and no other `.dat`.

    Stricter than reading: any JSON object may be a damaged log of the original tool.

    Raises:
        OSError: it cannot be opened or read.
    """
    try:
        with open_regular(path, follow_link=False) as file:
            if not os.fstat(file.fileno()).st_size:
                return False
            if not identify_log(file, os.fspath(path)).is_legacy:
                return True
            file.seek(0)
            return _LEGACY_VALUES.search(file.read(_MAX_LEGACY_BYTES)) is not None
    except LogFormatError as error:
        return error.is_log


def _holds_records(file: FileIO) -> bool:
    """Return whether the file holds more intact records than chance would put there."""
    file.seek(RECORD_SIZE)
    n_found = n_searched = 0
    while n_searched * RECORD_SIZE < _MAX_SEARCHED_BYTES:
        rows = as_rows(file.read(CHUNK_BYTES))
        if not len(rows):
            break
        n_searched += len(rows)
        n_found += int(np.count_nonzero(are_intact(rows)))
        if n_found > n_searched // _RECORDS_PER_FIND:
            return True
    return False
