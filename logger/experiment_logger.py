"""What a training script uses: `ExperimentLogger`. Needs the standard library only."""

import atexit
import os
import struct
import sys
import time
import weakref
from zlib import crc32

from . import paths
from .arguments import checked_name, checked_step, checked_value
from .log_file import LogFile
from .records import (
    CHECKSUM_MASK,
    CHECKSUM_SHIFT,
    ID_MASK,
    RECORD_SIZE,
    encode_end,
    encode_scalar,
    metric_id,
    pack_payload,
    pack_record,
)

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of this module
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self, SupportsFloat, SupportsIndex

_LOOK_EVERY_S = 1.0
_open_loggers: "weakref.WeakSet[ExperimentLogger]" = weakref.WeakSet()


class ExperimentLogger:
    """Writes the metrics of one run to its `.dat` file, each value at once.

    Nothing is buffered: when `add_scalar` returns, the value is in the file, and a reader in
    another process sees it. Several threads may use one logger, and so may forked children; several
    processes may write to one file. A logger that travels to a spawned process (it can be pickled)
    goes on with the same file there.

    A logger does not take a training down for what is not the caller's mistake: when the file
    cannot be written (disk full, folder gone), it says so once on stderr, counts what it drops,
    and tries again with every value. Once a second it looks whether the file is still there.

    Attributes:
        n_dropped: values that could not be written, in this process.

    Args:
        logdir: where a run started by hand gets a new folder, named after the time. In a run that
            a sweep started, the sweep has chosen the file and `logdir` plays no part.
        max_events: accepted for compatibility with the original tool; nothing is buffered.
        log_interval: likewise.
    """

    __slots__ = (
        "__weakref__",
        "_file",
        "_has_file",
        "_heads",
        "_is_closed",
        "_logdir",
        "_look_at",
        "_names",
        "_owner_pid",
        "_said",
        "n_dropped",
    )

    def __init__(
        self,
        logdir: str | os.PathLike[str] = "runs",
        max_events: int | None = None,
        log_interval: float | None = None,
    ) -> None:
        # Absolute, since the script may change its directory.
        self._begin(os.path.abspath(os.fsdecode(logdir)), is_owner=True)
        run_file = os.environ.get(paths.RUN_FILE_VARIABLE)
        if run_file:
            self._use(os.path.abspath(run_file))
        self._try_to_open()

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> "Self":
        """A logger that writes to this file, whatever the environment says; appends to it."""
        logger = cls.__new__(cls)
        path = os.path.abspath(os.fsdecode(path))
        logger._begin(os.path.dirname(path), is_owner=True)
        logger._use(path)
        logger._try_to_open()
        return logger

    def _begin(self, logdir: str, *, is_owner: bool) -> None:
        stem = paths.timestamp()
        self.n_dropped = 0
        self._logdir = logdir
        self._use(os.path.join(logdir, stem, stem + paths.DAT_SUFFIX))
        self._has_file = False
        self._names: dict[int, str] = {}
        self._look_at = 0.0
        self._is_closed = False
        self._owner_pid = os.getpid() if is_owner else None
        self._said: set[str] = set()
        _open_loggers.add(self)

    def _use(self, path: str) -> None:
        self._file = LogFile(path)
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
            value: one real number: float, int, a numpy scalar, a 0-d array or tensor, a Fraction or
                Decimal. NaN and infinities are kept.
            step: an integer of 64 bits.

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
        self._look_at = now + _LOOK_EVERY_S
        self._look()

    def add_scalars(
        self, values: "Mapping[str, SupportsFloat | SupportsIndex]", step: "SupportsIndex"
    ) -> None:
        """Log one value each of several metrics, by name.

        Raises:
            TypeError, ValueError: as `add_scalar`; the values before the wrong one are logged.
        """
        if not hasattr(values, "items"):
            raise TypeError(
                f"add_scalars takes a dict of names and values, not {type(values).__qualname__}; "
                "as in add_scalars({'loss': 0.5, 'accuracy': 0.9}, step)"
            )
        add_scalar = self.add_scalar
        for name, value in values.items():
            add_scalar(name, value, step)

    def close(self) -> None:
        """Mark the run as finished and close the file; a second call does nothing."""
        self._end(with_error=False)

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: "TracebackType | None",
    ) -> None:
        is_plain_exit = isinstance(error, SystemExit) and error.code in (None, 0)
        self._end(with_error=error is not None and not is_plain_exit)

    def __del__(self) -> None:
        # In a notebook the cell that makes the logger is run again: the earlier run is over then.
        if not getattr(self, "_is_closed", True):
            self.close()

    def __reduce__(self) -> tuple[object, ...]:
        path = self.path if self._has_file else None
        return _continue, (type(self), self._logdir, path, self._is_closed)

    def __repr__(self) -> str:
        return f"<ExperimentLogger {self.path!r}{' (closed)' if self._is_closed else ''}>"

    def _add_slowly(self, name: object, value: float, step: "SupportsIndex") -> None:
        """Log a value whose metric is new, or that could not be written, or that is wrong."""
        name = checked_name(name)
        step = checked_step(name, step)
        if self._is_closed:
            raise ValueError(
                f"this ExperimentLogger is closed, so {name!r} cannot be logged to {self.path}; "
                "close it after the last value, or make a new one"
            )
        self._look()
        if not self._try_to_open():
            self.n_dropped += 1
            return
        try:
            identifier = self._declare(name)
            self._file.append(encode_scalar(identifier, step, time.time(), value))
        except OSError as error:
            self._drop(error)

    def _declare(self, name: str) -> int:
        """Write the metric's name, unless this file has it; return the metric's id."""
        identifier = metric_id(name)
        # setdefault claims an id at once, also among threads; the next one where it is taken.
        while self._names.setdefault(identifier, name) != name:
            identifier = (identifier + 1) & ID_MASK
        if name not in self._heads:
            self._file.declare(name, identifier)
        return identifier

    def _try_to_open(self) -> bool:
        """Whether the file can be written; says why not, once."""
        try:
            if not self._has_file:
                folder = paths.create_unique_folder(self._logdir, paths.timestamp())
                stem = os.path.basename(folder)
                self._use(os.path.join(folder, stem + paths.DAT_SUFFIX))
            self._file.make_ready()
        except OSError as error:
            self._say_cannot_write(error)
            return False
        return True

    def _complete(self, rest: bytes) -> None:
        """Write what a short write left over; the disk is full, or nearly."""
        try:
            self._file.append(rest)
        except OSError as error:
            self._drop(error)

    def _look(self) -> bool:
        """Whether the file is still as it should be; says what is wrong, once."""
        trouble = self._file.find_trouble()
        if trouble:
            self._say_once(f"{self.path} {trouble}")
        return trouble is None

    def _drop(self, error: OSError) -> None:
        self.n_dropped += 1
        self._say_cannot_write(error)

    def _say_cannot_write(self, error: OSError) -> None:
        self._say_once(
            f"cannot write {self.path}: {error.strerror or error}. Values are dropped until it can "
            "be written again; training goes on."
        )

    def _say_once(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            _say(message)

    def _end(self, *, with_error: bool) -> None:
        if self._is_closed:
            return
        # A forked child, or a spawned one, does not decide that the run is over.
        if self._owner_pid == os.getpid() and self._has_file:
            self._look()
            self._mark_end(with_error)
        self._is_closed = True
        _open_loggers.discard(self)
        try:
            self._file.close()
        except OSError as error:
            self._say_cannot_write(error)
        if self.n_dropped:
            values = "value" if self.n_dropped == 1 else "values"
            _say(f"{self.n_dropped} {values} could not be written to {self.path}")

    def _mark_end(self, with_error: bool) -> None:
        if not os.path.exists(self.path) or not self._try_to_open():
            return
        try:
            self._file.append(encode_end(time.time(), with_error=with_error))
        except OSError as error:
            self._say_cannot_write(error)


def _continue(
    kind: type[ExperimentLogger], logdir: str, path: str | None, is_closed: bool
) -> ExperimentLogger:
    """The logger that was pickled, in another process: it writes to the same file."""
    logger = kind.__new__(kind)
    logger._begin(logdir, is_owner=False)
    if path:
        logger._use(path)
    logger._is_closed = is_closed
    if not is_closed:
        logger._try_to_open()
    return logger


def _say(message: str) -> None:
    # Not warnings.warn: under -W error it would end the training that it must not disturb.
    try:
        sys.stderr.write(f"ml-tracking-ops: {message}\n")
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return  # no stderr, or a closed one: there is nobody to tell


@atexit.register
def _end_all() -> None:
    # At a prompt or in a notebook an earlier mistake does not mean that the run failed.
    has_failed = getattr(sys, "last_type", None) is not None and not hasattr(sys, "ps1")
    for logger in list(_open_loggers):
        logger._end(with_error=has_failed)
