"""A long record that stays in its file: only the parts that are needed are read.

A record with images takes hundreds of kilobytes, but a parser needs only names and lengths.
"""

from typing import overload

from .. import os_files
from .wire import WireError

_WINDOW_BYTES = 2048


class RecordWindow:
    """The bytes of a record, as `wire.fields` and the parsers of events use them.

    Args:
        fd: of the file. Must stay open.
        start: where in the file the content of the record begins.
        length: of the content, in bytes.
    """

    def __init__(self, fd: int, start: int, length: int) -> None:
        self._fd = fd
        self._start = start
        self._length = length
        self._window = b""
        self._at = 0

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int, /) -> int: ...
    @overload
    def __getitem__(self, place: slice, /) -> bytes: ...
    def __getitem__(self, place: int | slice, /) -> int | bytes:
        """Read bytes of the record.

        Raises:
            WireError: the file was cut, or cannot be read.
        """
        if isinstance(place, slice):
            start, stop, _ = place.indices(self._length)
            return self._read(start, max(0, stop - start))
        within = place - self._at
        if not 0 <= within < len(self._window):
            n_bytes = min(_WINDOW_BYTES, self._length - place)
            self._at, self._window, within = place, self._read(place, n_bytes), 0
        return self._window[within]

    def _read(self, at: int, n_bytes: int) -> bytes:
        within = at - self._at
        if within >= 0 and within + n_bytes <= len(self._window):
            return self._window[within : within + n_bytes]
        try:
            found = os_files.pread(self._fd, n_bytes, self._start + at)
        except OSError as error:
            raise WireError(f"a record cannot be read: {error}") from error
        if len(found) < n_bytes:
            raise WireError("a record is cut short")
        return found
