"""Log the numbers of a run: `add_scalar` and its companions."""

import os
import struct
import time
from zlib import crc32

from .. import paths
from ..notices import NoticePrinter
from ..records import (
    CHECKSUM_MASK,
    CHECKSUM_SHIFT,
    RECORD_SIZE,
    encode_scalar,
    pack_payload,
    pack_record,
)
from . import reruns
from .arguments import check_scalars, checked_name, checked_step, checked_value
from .log_file import LogFile
from .metric_names import MetricNames

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of this module
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import SupportsFloat, SupportsIndex

LOOK_EVERY_S = 1.0


class ScalarLogging:
    """Values of metrics, each passed to the system when the call returns.

    If the file cannot be written it warns once, counts what is dropped, and tries again with every
    value. Once a second it checks whether the file still exists.
    """

    __slots__ = (
        "_file",
        "_has_file",
        "_heads",
        "_is_closed",
        "_is_silent",
        "_logdir",
        "_look_at",
        "_names",
        "_notices",
        "_owner_pid",
        "_shares_file",
        "n_dropped",
    )

    def _begin_scalars(self, logdir: str, owner_pid: int | None) -> None:
        """Prepare to log numbers.

        Args:
            owner_pid: the process that decides that the run is over, if this is it.
        """
        stem = paths.timestamp()
        self._owner_pid = owner_pid
        self.n_dropped = 0
        self._logdir = logdir
        self._use(os.path.join(logdir, stem, stem + paths.DAT_SUFFIX))
        self._has_file = False
        self._is_silent = self._shares_file = False
        self._names = MetricNames(logdir)
        self._look_at = 0.0
        self._is_closed = False
        self._notices = NoticePrinter()

    def _use(self, path: str) -> None:
        self._file = LogFile(path, begins_session=self._owner_pid is not None)
        self._heads = self._file.heads
        self._has_file = True

    @property
    def path(self) -> str:
        """The `.dat` file, absolute."""
        return self._file.path

    @property
    def folder(self) -> str:
        """The folder that holds the `.dat` file, absolute."""
        return os.path.dirname(self._file.path)

    def add_scalar(
        self, name: str, value: "SupportsFloat | SupportsIndex", step: "SupportsIndex"
    ) -> None:
        """Log one value of a metric.

        Args:
            name: of the metric, up to 65535 bytes of UTF-8.
            value: one real number: float, int, a numpy scalar, an array or tensor of one element, a
                Fraction or Decimal. NaN and infinities are kept.
            step: a whole number of 64 bits. 4096.0 is one.

        Raises:
            TypeError: an argument is of the wrong kind.
            ValueError: an argument is out of range, or the logger is closed.
        """
        if type(value) is not float:
            value = checked_value(name, value)
        try:
            head, fd = self._heads[name]
            now = time.time()
            checksum = crc32(pack_payload(step, now, value)) & CHECKSUM_MASK
            record = pack_record(head ^ checksum << CHECKSUM_SHIFT, step, now, value)
            n_written = os.write(fd, record)
        except (KeyError, TypeError, OSError, struct.error):
            n_written = 0
        if n_written == RECORD_SIZE and now < self._look_at:
            return
        if n_written == 0:
            self._add_slowly(name, value, step)
            return
        if n_written < RECORD_SIZE:
            self._complete(record[n_written:])
        self._look_at = now + LOOK_EVERY_S
        self._look()

    def add_scalars(
        self, values: "Mapping[str, SupportsFloat | SupportsIndex]", step: "SupportsIndex"
    ) -> None:
        """Log one value for each of several metrics, by name.

        Raises:
            TypeError, ValueError: as `add_scalar`. The values before the wrong one are logged.
        """
        check_scalars(values)
        if not self._add_together(values, step):
            for name, value in values.items():
                self.add_scalar(name, value, step)

    def add_scalar_at(
        self,
        name: str,
        value: "SupportsFloat | SupportsIndex",
        step: "SupportsIndex",
        wall_time: float,
    ) -> None:
        """Log a value that another tool logged earlier, at `wall_time` (seconds since the epoch).

        Raises:
            TypeError, ValueError: as `add_scalar`.
        """
        if type(value) is not float:
            value = checked_value(name, value)
        self._add_slowly(name, value, step, wall_time)

    def _add_together(
        self, values: "Mapping[str, SupportsFloat | SupportsIndex]", step: "SupportsIndex"
    ) -> bool:
        """Log all values with one write. Returns False, with nothing written, if one needs care."""
        now = time.time()
        try:
            fd, records = self._file.encode(values, step, now)
            n_written = os.write(fd, records) if records else 0
        except (KeyError, TypeError, ValueError, OSError, struct.error):
            return False
        if n_written < len(records):
            self._complete(records[n_written:])
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_S
            self._look()
        return True

    def _add_slowly(
        self, name: object, value: float, step: "SupportsIndex", wall_time: float | None = None
    ) -> None:
        """Log a value whose metric is new, or that could not be written, or that is invalid."""
        name = checked_name(name)
        step = checked_step(name, step)
        self._require_open(name)
        if self._is_silent:
            return
        self._look()
        if not self._try_to_open():
            self.n_dropped += 1
            return
        try:
            identifier = self._declare(name)
            at = time.time() if wall_time is None else wall_time
            self._file.append(encode_scalar(identifier, step, at, value))
        except OSError as error:
            self._drop(error)

    def _require_open(self, name: str) -> None:
        if self._is_closed:
            raise ValueError(
                f"this ExperimentLogger is closed, so {name!r} cannot be logged to {self.path}. "
                "Close it after the last value, or make a new one"
            )

    def _declare(self, name: str) -> int:
        """Write the metric's name, unless this file has it, and return the metric's id."""
        written = name
        if self._shares_file:
            written = self._names.own_name(self.path, name)
            if written != name:
                self._notices.warn_once(
                    f"two loggers of this process log {name!r} to {self.path}. The values of the "
                    f"one for {self._logdir} are called {written!r}."
                )
        identifier = self._names.claim(written)
        if name not in self._heads:
            self._file.declare(written, identifier, alias=name)
        return identifier

    def _try_to_open(self) -> bool:
        """Return whether the file can be written. If not, warn why, once."""
        try:
            if not self._has_file:
                folder = paths.create_unique_folder(self._logdir, reruns.folder_name())
                stem = os.path.basename(folder)
                self._use(os.path.join(folder, stem + paths.DAT_SUFFIX))
            self._file.make_ready()
        except OSError as error:
            self._notices.warn_cannot_write(self.path, error)
            return False
        return True

    def _complete(self, rest: bytes) -> None:
        """Write the rest after a short write. The disk is full, or nearly."""
        try:
            self._file.append(rest)
        except OSError as error:
            self._drop(error)

    def _look(self) -> None:
        """Check whether the file is still as it should be. If not, warn once."""
        trouble = self._file.find_trouble()
        if trouble:
            self._notices.warn_once(f"{self.path} {trouble}")

    def _drop(self, error: OSError) -> None:
        self.n_dropped += 1
        self._notices.warn_cannot_write(self.path, error)
