"""Pass the output of a run on to the terminal while it goes into a file."""

import os
from pathlib import Path
from typing import BinaryIO

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.guarded import READ, open_guarded

_PART_BYTES = 1 << 16


class OutputEcho:
    """Follows a run's `.log`. A part that was cut out before it was read is not shown."""

    def __init__(self, log_path: Path, out: BinaryIO) -> None:
        self._path = log_path
        self._out: BinaryIO | None = out
        self._fd = -1
        self._offset = 0

    def read(self) -> None:
        """Pass on what was printed since the last call."""
        if self._fd < 0 and not self._open():
            return
        size = os.fstat(self._fd).st_size
        self._offset = min(self._offset, size)
        while data := os_files.pread(self._fd, _PART_BYTES, self._offset):
            self._offset += len(data)
            self._write(data)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> bool:
        try:
            self._fd = open_guarded(self._path, READ)
        except OSError:
            return False
        return True

    def _write(self, data: bytes) -> None:
        if self._out is None:
            return
        try:
            self._out.write(data)
            self._out.flush()
        except OSError:  # the reader is gone, but the run continues
            self._out = None
