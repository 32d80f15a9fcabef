"""What a training script uses: `ExperimentLogger`. Needs the standard library only."""

import os
import struct
import time
from zlib import crc32

from . import open_loggers, own_record, paths, process_end, ranks, reruns
from .arguments import check_scalars, checked_directions, checked_name, checked_step, checked_value
from .log_file import LogFile
from .media.kinds import DEFAULT_BUDGET_BYTES
from .media.logging import MediaLogging
from .metric_names import MetricNames
from .notices import Notices, say_dropped
from .records import (
    CHECKSUM_MASK,
    CHECKSUM_SHIFT,
    RECORD_SIZE,
    encode_end,
    encode_scalar,
    pack_payload,
    pack_record,
)

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of this module
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self, SupportsFloat, SupportsIndex

    from .media.writer import MediaWriter

_LOOK_EVERY_S = 1.0


class ExperimentLogger(MediaLogging):
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
        logdir: where a run started by hand gets a new folder, named after the time; `~` is the home
            folder. In a run that a sweep started, the sweep has chosen the file and `logdir` plays
            no part.
        max_events: accepted for compatibility with the original tool; nothing is buffered.
        log_interval: likewise.
        config: the settings that the run was started with, as for `log_config`.
        all_ranks: in a distributed training (`RANK` and `WORLD_SIZE` are set) only the process of
            rank 0 writes. With True every process does.
        higher_is_better: by metric, which values are good: `{"reward": True, "cost": False}`.
        system_metrics: sample CPU, memory and GPUs of this process and those that it starts into
            a log of its own, in a thread. Sweeps do so by themselves.
        media_budget_bytes: how much images, texts, tables and audio of the run may take.
    """

    __slots__ = (
        "__weakref__",
        "_file",
        "_has_file",
        "_heads",
        "_is_closed",
        "_is_silent",
        "_logdir",
        "_look_at",
        "_media",
        "_media_budget_bytes",
        "_names",
        "_notices",
        "_owner_pid",
        "_sampling",
        "_shares_file",
        "n_dropped",
    )

    def __init__(
        self,
        logdir: str | os.PathLike[str] = "runs",
        max_events: int | None = None,
        log_interval: float | None = None,
        *,
        config: object = None,
        all_ranks: bool = False,
        higher_is_better: "Mapping[str, bool] | None" = None,
        system_metrics: bool = False,
        media_budget_bytes: int = DEFAULT_BUDGET_BYTES,
    ) -> None:
        # Absolute, since the script may change its directory.
        self._begin(paths.absolute(logdir), is_owner=True)
        self._media_budget_bytes = media_budget_bytes
        run_file = os.environ.get(paths.RUN_FILE_VARIABLE)
        if run_file:
            self._use(os.path.abspath(run_file))
            self._shares_file = True
        self._is_silent = not all_ranks and ranks.is_other_rank()
        if self._is_silent:
            ranks.say_silent()
            return
        if self._try_to_open() and not run_file:
            self._keep(own_record.of_start(self.path))
        if config is not None:
            self.log_config(config)
        if higher_is_better is not None:
            self.set_directions(higher_is_better)
        if system_metrics and self._has_file:
            from .system_metrics.thread import SamplingThread

            self._sampling: SamplingThread | None = SamplingThread(self.path, type(self).at)

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> "Self":
        """A logger that writes to this file, whatever the environment says; appends to it."""
        logger = cls.__new__(cls)
        path = paths.absolute(path)
        logger._begin(os.path.dirname(path), is_owner=True)
        logger._use(path)
        logger._try_to_open()
        return logger

    def _begin(self, logdir: str, *, is_owner: bool) -> None:
        stem = paths.timestamp()
        self._owner_pid = os.getpid() if is_owner else None
        self.n_dropped = 0
        self._logdir = logdir
        self._use(os.path.join(logdir, stem, stem + paths.DAT_SUFFIX))
        self._has_file = False
        self._is_silent = self._shares_file = False
        self._names = MetricNames(logdir)
        self._look_at = 0.0
        self._is_closed = False
        self._notices = Notices()
        self._sampling = None
        self._media: MediaWriter | None = None
        self._media_budget_bytes = DEFAULT_BUDGET_BYTES
        open_loggers.add(self, is_owner=is_owner)

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

    @property
    def run_dir(self) -> str:
        """The folder for the run's own files, absolute; made when first asked for.

        In a sweep all attempts at a run share it. A logger of another rank does not make it.

        Raises:
            OSError: it cannot be made.
        """
        is_made = not self._is_silent and self._try_to_open()
        folder = paths.run_folder_of(self.path)
        if is_made:
            paths.make_folders(folder)
        return folder

    def add_scalar(
        self, name: str, value: "SupportsFloat | SupportsIndex", step: "SupportsIndex"
    ) -> None:
        """Log one value of a metric.

        Args:
            name: of the metric, up to 65535 bytes of UTF-8.
            value: one real number: float, int, a numpy scalar, an array or tensor of one element, a
                Fraction or Decimal. NaN and infinities are kept.
            step: a whole number of 64 bits; 4096.0 is one.

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
        """Log all values with one write; False, with nothing written, where one needs care."""
        now = time.time()
        try:
            fd, records = self._file.encode(values, step, now)
            n_written = os.write(fd, records) if records else 0
        except (KeyError, TypeError, ValueError, OSError, struct.error):
            return False
        if n_written < len(records):
            self._complete(records[n_written:])
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY_S
            self._look()
        return True

    def log_config(self, config: object) -> None:
        """Keep settings that the run was started with, in a file beside the log.

        A later call adds to them, nested mappings key by key. A value that JSON does not know
        becomes its text. Values whose names look like secrets are hidden.

        Args:
            config: a mapping, `argparse.Namespace`, dataclass, OmegaConf or pydantic object.

        Raises:
            TypeError: it is none of these.
        """
        self._keep(own_record.of_config(config))

    def set_directions(self, higher_is_better: "Mapping[str, bool]") -> None:
        """Keep which values of metrics are good: `{"reward": True, "cost": False}`.

        Raises:
            TypeError: it is no mapping of names to True or False.
        """
        self._keep({"higher_is_better": checked_directions(higher_is_better)})

    def _keep(self, changes: "dict[str, object]") -> None:
        if changes and not self._is_silent and self._try_to_open():
            own_record.keep(self.path, changes, self._notices)

    def close(self) -> None:
        """Mark the run as finished and close the file; a second call does nothing."""
        self.end(process_end.FINISHED)

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: "TracebackType | None",
    ) -> None:
        self.end(process_end.outcome_of_error(error))

    def __del__(self) -> None:
        # In a notebook the cell that makes the logger is run again: the earlier run is over then.
        # In a script the process may be about to fail: its end has the last word.
        if not getattr(self, "_is_closed", True):
            self.end(process_end.FINISHED, is_closed=False)

    def __reduce__(self) -> tuple[object, ...]:
        path = self.path if self._has_file else None
        return _continue, (type(self), self._logdir, path, self._is_closed)

    def __repr__(self) -> str:
        return f"<ExperimentLogger {self.path!r}{' (closed)' if self._is_closed else ''}>"

    def _add_slowly(
        self, name: object, value: float, step: "SupportsIndex", wall_time: float | None = None
    ) -> None:
        """Log a value whose metric is new, or that could not be written, or that is wrong."""
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
                f"this ExperimentLogger is closed, so {name!r} cannot be logged to {self.path}; "
                "close it after the last value, or make a new one"
            )

    def _check_media(self, name: str, step: "SupportsIndex") -> tuple[str, int] | None:
        checked = checked_name(name)
        place = checked, checked_step(checked, step)
        self._require_open(checked)
        return None if self._is_silent else place

    def _media_writer(self) -> "MediaWriter | None":
        self._look()
        if not self._try_to_open():
            self.n_dropped += 1
            return None
        if self._media is None:
            from .media.writer import MediaWriter

            self._media = MediaWriter(
                self.path,
                self._media_budget_bytes,
                self._notices,
                begins_session=self._owner_pid is not None,
            )
        return self._media

    def _drop_media(self, error: OSError) -> None:
        self.n_dropped += 1
        self._notices.say_cannot_write(paths.media_index_of(self.path), error)

    def _declare(self, name: str) -> int:
        """Write the metric's name, unless this file has it; return the metric's id."""
        written = name
        if self._shares_file:
            written = self._names.own_name(self.path, name)
            if written != name:
                self._notices.say_once(
                    f"two loggers of this process log {name!r} to {self.path}; the values of the "
                    f"one for {self._logdir} are called {written!r}."
                )
        identifier = self._names.claim(written)
        if name not in self._heads:
            self._file.declare(written, identifier, alias=name)
        return identifier

    def _try_to_open(self) -> bool:
        """Whether the file can be written; says why not, once."""
        try:
            if not self._has_file:
                folder = paths.create_unique_folder(self._logdir, reruns.folder_name())
                stem = os.path.basename(folder)
                self._use(os.path.join(folder, stem + paths.DAT_SUFFIX))
            self._file.make_ready()
        except OSError as error:
            self._notices.say_cannot_write(self.path, error)
            return False
        return True

    def _complete(self, rest: bytes) -> None:
        """Write what a short write left over; the disk is full, or nearly."""
        try:
            self._file.append(rest)
        except OSError as error:
            self._drop(error)

    def _look(self) -> None:
        """See whether the file is still as it should be; say what is wrong, once."""
        trouble = self._file.find_trouble()
        if trouble:
            self._notices.say_once(f"{self.path} {trouble}")

    def _drop(self, error: OSError) -> None:
        self.n_dropped += 1
        self._notices.say_cannot_write(self.path, error)

    def end(self, outcome: int, *, is_closed: bool = True) -> None:
        """As `close`, for a run that ended as `process_end` says, or whose logger was dropped."""
        if self._is_closed:
            return
        if self._sampling is not None:
            self._sampling.close()
        if self._media is not None:
            self._media.close()
        # A forked child, or a spawned one, does not decide that the run is over.
        if self._owner_pid == os.getpid() and self._has_file:
            self._look()
            self._mark_end(outcome)
            if outcome == process_end.FINISHED:
                open_loggers.note_finished(self.path, is_closed=is_closed)
        self._is_closed = True
        open_loggers.discard(self)
        try:
            self._file.close()
        except OSError as error:
            self._notices.say_cannot_write(self.path, error)
        if self.n_dropped:
            say_dropped(self.path, self.n_dropped)

    def _mark_end(self, outcome: int) -> None:
        # Its folder may have been renamed: the open file is still the log.
        is_there = self._file.is_sound or os.path.exists(self.path)
        if not is_there or not self._try_to_open():
            return
        try:
            self._file.append(encode_end(time.time(), outcome))
        except OSError as error:
            self._notices.say_cannot_write(self.path, error)


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
