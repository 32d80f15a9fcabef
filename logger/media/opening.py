"""Open the file of an entry. Links are not followed, and unfinished files are not shown."""

import os
import stat

from .. import os_files
from ..guarded import open_folder, open_guarded
from .entries import MediaEntry, parse_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_READ = 64 << 20


class MediaGoneError(OSError):
    """The content of an entry is missing, or has changed since it was written."""


class MediaPart:
    """The bytes of an entry: a file, or a part of one. Closes with the context.

    Attributes:
        fd: of the file. `start` is where in it the bytes begin.
    """

    def __init__(self, fd: int, start: int, size_bytes: int) -> None:
        self.fd = fd
        self.start = start
        self.size_bytes = size_bytes

    def read(self, offset: int, n_bytes: int) -> bytes:
        """Return up to `n_bytes` bytes from a place on, fewer at the end.

        Raises:
            OSError: they cannot be read.
        """
        n_there = max(0, min(n_bytes, self.size_bytes - offset))
        parts: list[bytes] = []
        while n_there:
            part = os_files.pread(self.fd, n_there, self.start + offset)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            n_there -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)

    def __enter__(self) -> "MediaPart":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_media(entry: MediaEntry, *, as_svg: bool = False) -> MediaPart:
    """Open the content of an entry that has a file, such as an image or a sound.

    Raises:
        OSError: as `open_file_of`.
    """
    if entry.form:
        return _open_event(entry)
    fd = open_file_of(entry, as_svg=as_svg)
    return MediaPart(fd, 0, os.fstat(fd).st_size)


def _open_event(entry: MediaEntry) -> MediaPart:
    fd = open_guarded(entry.source, os_files.READ)
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode) and entry.at + entry.length <= found.st_size:
        return MediaPart(fd, entry.at, entry.length)
    os.close(fd)
    raise MediaGoneError(f"{entry.source} has changed since it was read")


def open_file_of(entry: MediaEntry, *, as_svg: bool = False) -> int:
    """Return a descriptor of an entry's file.

    Raises:
        OSError: it is missing, behind a link, or not of the size that the index gives.
    """
    file = entry.svg if as_svg else entry.file
    if file is None:
        raise MediaGoneError(f"{entry.name} of step {entry.step} has no file of this kind")
    fd = _open_below(os.path.dirname(entry.source), file.split("/"))
    found = os.fstat(fd)
    if stat.S_ISREG(found.st_mode) and (as_svg or found.st_size == entry.size_bytes):
        return fd
    os.close(fd)
    raise MediaGoneError(f"{entry_path(entry)} is not the file that was written")


def entry_path(entry: MediaEntry) -> str | None:
    """Return the file of an entry, absolute."""
    if entry.file is None:
        return None
    return os.path.join(os.path.dirname(entry.source), *entry.file.split("/"))


def read_file_of(entry: MediaEntry, most_bytes: int = _MOST_READ) -> bytes:
    """Return all bytes of the file of an entry.

    Raises:
        OSError: as `open_file_of`, or it is longer than is read at once.
    """
    with open_media(entry) as part:
        if part.size_bytes > most_bytes:
            raise MediaGoneError(f"{entry_path(entry)} is longer than is read at once")
        return part.read(0, part.size_bytes)


def read_svg_of(entry: MediaEntry) -> bytes:
    """Return the same image as SVG.

    Raises:
        OSError: as `read_file_of`.
    """
    with os.fdopen(open_file_of(entry, as_svg=True), "rb") as file:
        return file.read(_MOST_READ)


def fields_of(entry: MediaEntry) -> "dict[str, Any]":
    """Return all fields of an entry's line.

    Raises:
        OSError: it cannot be read any more.
    """
    fd = open_guarded(entry.source, os_files.READ)
    try:
        line = os_files.pread(fd, entry.length, entry.at)
    finally:
        os.close(fd)
    fields = parse_fields(line)
    if fields is None or fields.get("kind") != entry.kind:
        raise MediaGoneError(f"{entry.source} has changed since it was read")
    return fields


def _open_below(folder: str, parts: list[str]) -> int:
    if not os_files.CAN_OPEN_FOLDERS:
        if any(os.path.islink(os.path.join(folder, *parts[:n])) for n in range(1, len(parts))):
            raise MediaGoneError(f"{folder} holds a link")
        return open_guarded(os.path.join(folder, *parts), os_files.READ)
    fd = open_folder(folder)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os_files.FOLDER | os_files.NO_LINK, dir_fd=fd)
            os.close(fd)
            fd = inner
        return os.open(parts[-1], os_files.READ | os_files.NO_LINK, dir_fd=fd)
    finally:
        os.close(fd)
