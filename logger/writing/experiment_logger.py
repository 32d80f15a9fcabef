"""What a training script uses: `ExperimentLogger`. Needs the standard library only."""

import os
import time

from .. import paths
from ..media.kinds import DEFAULT_BUDGET_BYTES
from ..media.logging import MediaLogging
from ..notices import report_dropped
from ..records import FINISHED, encode_end_record
from . import open_loggers, own_record, process_end, ranks
from .arguments import checked_budget, checked_directions, checked_name, checked_step
from .scalar_logging import LOOK_EVERY_S, ScalarLogging

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of this module
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self, SupportsIndex

    from ..media.writer import MediaWriter


class ExperimentLogger(ScalarLogging, MediaLogging):
    """Writes the metrics of one run to its `.dat` file, each value at once.

    Nothing is buffered: when `add_scalar` returns, the value is in the file, and a reader in
    another process sees it. Several threads may use one logger, and so may forked children. Several
    processes may write to one file. A logger that is pickled to a spawned process continues with
    the same file there.

    A logger never ends a training for a fault that is not the caller's: if the file cannot be
    written (disk full, folder deleted), it warns once on stderr, counts the values it drops, and
    tries again with every value. Once a second it checks whether the file still exists.

    Attributes:
        n_dropped: values that could not be written, in this process.

    Args:
        logdir: where a run started by hand gets a new folder, named after the time. `~` is the home
            folder. In a run that a sweep started, the sweep has chosen the file, and `logdir` has
            no effect.
        max_events: accepted for compatibility with the original tool. Nothing is buffered.
        log_interval: likewise.
        config: the settings that the run was started with, as for `log_config`.
        all_ranks: in a distributed training (`RANK` and `WORLD_SIZE` are set) only the process of
            rank 0 writes. With True every process does.
        higher_is_better: by metric, which values are good: `{"reward": True, "cost": False}`.
        system_metrics: sample CPU, memory and GPUs of this process and those that it starts into a
            log of its own, in a thread. Sweeps always do so.
        media_budget_bytes: how much the images and other media of the run may take, with their
            index.
    """

    __slots__ = (
        "__weakref__",
        "_media",
        "_media_budget_bytes",
        "_sampling",
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
        media_budget_bytes: "SupportsIndex" = DEFAULT_BUDGET_BYTES,
    ) -> None:
        budget_bytes = checked_budget(media_budget_bytes)
        # Absolute, since the script may change its directory.
        self._begin(paths.absolute(logdir), is_owner=True)
        self._media_budget_bytes = budget_bytes
        run_file = os.environ.get(paths.RUN_FILE_VARIABLE)
        if run_file:
            self._use(os.path.abspath(run_file))
            self._shares_file = True
        self._is_silent = not all_ranks and ranks.is_other_rank()
        if self._is_silent:
            ranks.report_silence()
            return
        if self._try_to_open() and not run_file:
            self._keep(own_record.of_start(self.path))
        if config is not None:
            self.log_config(config)
        if higher_is_better is not None:
            self.set_directions(higher_is_better)
        if system_metrics and self._has_file:
            from ..system_metrics.thread import SamplingThread

            self._sampling: SamplingThread | None = SamplingThread(self.path, type(self).at)

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> "Self":
        """Return a logger that appends to this file and ignores the environment."""
        logger = cls.__new__(cls)
        path = paths.absolute(path)
        logger._begin(os.path.dirname(path), is_owner=True)
        logger._use(path)
        logger._try_to_open()
        return logger

    def _begin(self, logdir: str, *, is_owner: bool) -> None:
        self._begin_scalars(logdir, os.getpid() if is_owner else None)
        self._sampling = None
        self._media: MediaWriter | None = None
        self._media_budget_bytes = DEFAULT_BUDGET_BYTES
        open_loggers.add(self, is_owner=is_owner)

    @property
    def run_dir(self) -> str:
        """The folder for the run's own files, absolute, created on first use.

        All attempts at a run of a sweep share it. A logger of another rank does not create it.

        Raises:
            OSError: it cannot be made.
        """
        is_made = not self._is_silent and self._try_to_open()
        folder = paths.run_folder_of(self.path)
        if is_made:
            paths.make_folders(folder)
        return folder

    def log_config(self, config: object) -> None:
        """Record settings that the run was started with, in a file beside the log.

        A later call adds to them, nested mappings key by key. A value that JSON cannot hold becomes
        its text. Values whose names look like secrets are hidden.

        Args:
            config: a mapping, `argparse.Namespace`, dataclass, OmegaConf or pydantic object.

        Raises:
            TypeError: it is none of these.
        """
        self._keep(own_record.of_config(config))

    def set_directions(self, higher_is_better: "Mapping[str, bool]") -> None:
        """Record which values of metrics are good: `{"reward": True, "cost": False}`.

        Raises:
            TypeError: it is no mapping of names to True or False.
        """
        self._keep({"higher_is_better": checked_directions(higher_is_better)})

    def _keep(self, changes: "dict[str, object]") -> None:
        if changes and not self._is_silent and self._try_to_open():
            own_record.merge_own_record(self.path, changes, self._notices)

    def close(self) -> None:
        """Mark the run as finished and close the file. A second call does nothing."""
        self.end(FINISHED)

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
        # A notebook runs the cell that makes the logger again, and the earlier run is over then. A
        # script may be about to fail, so its end decides.
        if not getattr(self, "_is_closed", True):
            self.end(FINISHED, is_closed=False)

    def __reduce__(self) -> tuple[object, ...]:
        path = self.path if self._has_file else None
        return _continue, (
            type(self),
            self._logdir,
            path,
            self._is_closed,
            self._media_budget_bytes,
        )

    def __repr__(self) -> str:
        return f"<ExperimentLogger {self.path!r}{' (closed)' if self._is_closed else ''}>"

    def _check_media(
        self, kind: str, name: str, step: "SupportsIndex", order: str
    ) -> tuple[str, int] | None:
        checked = checked_name(name, kind, order)
        place = checked, checked_step(checked, step, kind)
        self._require_open(checked)
        return None if self._is_silent else place

    def _media_writer(self) -> "MediaWriter | None":
        now = time.time()
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY_S
            self._look()
            if self._media is not None:
                self._media.look()
        if not self._file.is_sound and not self._try_to_open():
            self.n_dropped += 1
            return None
        if self._media is None:
            from ..media.writer import MediaWriter

            self._media = MediaWriter(
                self.path,
                self._media_budget_bytes,
                self._notices,
                begins_session=self._owner_pid is not None,
            )
        return self._media

    def _drop_media(self, error: OSError) -> None:
        self.n_dropped += 1
        self._notices.warn_cannot_write(paths.media_index_of(self.path), error)

    def end(self, outcome: int, *, is_closed: bool = True) -> None:
        """Close a run whose end `process_end` has found, or whose logger was dropped."""
        if self._is_closed:
            return
        if self._sampling is not None:
            self._sampling.close()
        if self._media is not None:
            self._media.close()
        # A forked or spawned child does not decide that the run is over.
        if self._owner_pid == os.getpid() and self._has_file:
            self._look()
            self._mark_end(outcome)
            if outcome == FINISHED:
                open_loggers.note_finished(self.path, is_closed=is_closed)
        self._is_closed = True
        open_loggers.discard(self)
        try:
            self._file.close()
        except OSError as error:
            self._notices.warn_cannot_write(self.path, error)
        if self.n_dropped:
            report_dropped(self.path, self.n_dropped)

    def _mark_end(self, outcome: int) -> None:
        # Its folder may have been renamed: the open file is still the log.
        is_there = self._file.is_sound or os.path.exists(self.path)
        if not is_there or not self._try_to_open():
            return
        try:
            self._file.append(encode_end_record(time.time(), outcome))
        except OSError as error:
            self._notices.warn_cannot_write(self.path, error)


def _continue(
    kind: type[ExperimentLogger],
    logdir: str,
    path: str | None,
    is_closed: bool,
    media_budget_bytes: int,
) -> ExperimentLogger:
    """Recreate a pickled logger in another process. It writes to the same file."""
    logger = kind.__new__(kind)
    logger._begin(logdir, is_owner=False)
    logger._media_budget_bytes = media_budget_bytes
    if path:
        logger._use(path)
    logger._is_closed = is_closed
    if not is_closed:
        logger._try_to_open()
    return logger


process_end.watch_main_script()
