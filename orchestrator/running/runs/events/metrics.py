"""Metrics of scripts that write event files: copied into a real `.dat` as they are written."""

import os
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ml_tracking_ops.logger.tensorboard.event_names import is_event_file
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ..output_metrics import count_values
from .owner import RunProcesses

if TYPE_CHECKING:
    from ml_tracking_ops.logger.reading.event_files import EventFiles

_DEEPEST = 6
_MOST_FOLDERS = 20_000
_PAUSE_S = 0.5
_PAUSE_TO_WORK = 20
_READ_BYTES = 1 << 18


class EventFileFollower:
    """Follows the event files that a run's processes write, and writes their scalars to its `.dat`.

    Metrics of the folder of the first file keep their names. Those of other folders, which
    TensorBoard shows as runs of their own, get the folder's name as a prefix. Values that the
    `.dat` already holds, since an earlier orchestrator wrote them, are skipped.

    Attributes:
        folder: where event files are looked for, including below it.
        notes: messages for users about files that were not read: kind and text, each kind once.
    """

    has_only_misses = False
    missing_s = 0.0

    def __init__(self, folder: Path, dat_path: Path, processes: RunProcesses) -> None:
        self.folder = folder
        self._processes = processes
        self._n_known = count_values(dat_path)
        self._writer = ExperimentLogger.at(dat_path)
        self._streams: dict[str, EventFiles] = {}
        self._paths: dict[str, list[str]] = {}
        self._top: str | None = None
        self._decided: set[str] = set()
        self._undecided: set[str] = set()
        self._look_at = 0.0
        self._kept: Counter[str] = Counter()
        self._reported: set[str] = set()
        self.notes: deque[tuple[str, str]] = deque()

    @property
    def has_files(self) -> bool:
        """Whether the run has written an event file."""
        return self._top is not None

    def read(self) -> bool:
        """Take in a bounded part of what is new, and return whether there is more."""
        if time.monotonic() >= self._look_at:
            self._find_files()
        return self._read_streams()

    def finish(self) -> None:
        """Take in the rest, and close the `.dat`."""
        self._find_files()
        while self._read_streams():
            pass
        if self._undecided:
            self._note(
                "undecided",
                f"which run wrote {min(self._undecided)} is not known, so it is not read. "
                "Give each run a folder of its own: tensorboard_dir: ${run_dir}",
            )
        self._writer.close()

    def explain_misses(self) -> str:
        """Return a message for users if nothing is found."""
        return f"wrote no event file below {self.folder}"

    def _find_files(self) -> None:
        started = time.monotonic()
        for path in sorted(self._new_files(), key=lambda path: (len(path.parts), str(path))):
            owns = self._processes.owns(path)
            text = str(path)
            if owns is None:
                self._undecided.add(text)
                continue
            self._decided.add(text)
            self._undecided.discard(text)
            if owns:
                self._add(path)
        took_s = time.monotonic() - started
        self._look_at = time.monotonic() + max(_PAUSE_S, _PAUSE_TO_WORK * took_s)

    def _new_files(self) -> Iterator[Path]:
        """Yield event files that are unknown, and that may have been written since the start."""
        n_left = _MOST_FOLDERS
        for parent, folders, names in os.walk(self.folder):
            n_left -= 1
            depth = len(Path(parent).relative_to(self.folder).parts)
            if depth >= _DEEPEST or n_left <= 0:
                folders.clear()
            for name in filter(is_event_file, names):
                path = Path(parent, name)
                if str(path) not in self._decided and self._may_own(path):
                    yield path

    def _may_own(self, path: Path) -> bool:
        try:
            status = path.lstat()
        except OSError:
            return False
        return self._processes.may_own(status.st_mtime)

    def _add(self, path: Path) -> None:
        from ml_tracking_ops.logger.reading.event_files import EventFiles
        from ml_tracking_ops.logger.tensorboard.decoding import EventDecoder

        folder = str(path.parent)
        if self._top is None:
            self._top = folder
        if folder not in self._streams:
            paths = self._paths[folder] = []
            decoder = EventDecoder()
            self._streams[folder] = EventFiles(folder, decoder, follow_link=False, only=paths)
        self._paths[folder].append(str(path))
        self._paths[folder].sort()

    def _read_streams(self) -> bool:
        n_more = sum(self._read_stream(folder) for folder in list(self._streams))
        return n_more > 0

    def _read_stream(self, folder: str) -> bool:
        from ml_tracking_ops.logger.reading.event_files import ReplacedError, series_by_name
        from ml_tracking_ops.logger.records import LogFormatError

        stream = self._streams[folder]
        try:
            found, has_more = stream.read(_READ_BYTES)
        except (OSError, LogFormatError, ReplacedError) as error:
            self._streams.pop(folder)
            self._note(f"gone {folder}", f"its event files cannot be read any more: {error}")
            return False
        if stream.n_damaged:
            self._note(f"damaged {folder}", f"an event file in {folder} is damaged")
        if stream.decoder.session.config:
            self._keep_config(stream)
        prefix = self._prefix(folder, stream)
        by_name, _ = series_by_name(found, stream.decoder, purges=False)
        for name, series in by_name.items():
            columns = series.value.tolist(), series.step.tolist(), series.wall_time.tolist()
            for value, step, at in zip(*columns, strict=True):
                self._keep(f"{prefix}{name}", value, step, at)
        return has_more

    def _keep(self, name: str, value: float, step: int, at: float) -> None:
        self._kept[name] += 1
        if self._kept[name] > self._n_known[name]:
            try:
                self._writer.add_scalar_at(name, value, step, at)
            except ValueError as error:  # the name is too long
                self._note(f"name {name[:40]}", str(error)[:200])

    def _keep_config(self, stream: "EventFiles") -> None:
        config = dict(stream.decoder.session.config)
        if "config" not in self._reported:
            self._reported.add("config")
            self._writer.log_config(config)

    def _prefix(self, folder: str, stream: "EventFiles") -> str:
        """Return the prefix for the names of a folder's metrics. `add_hparams` has none."""
        top = self._top or folder
        if folder == top or stream.decoder.session.config:
            return ""
        inside = Path(folder).is_relative_to(top)
        return f"{os.path.relpath(folder, top if inside else self.folder)}/"

    def _note(self, kind: str, text: str) -> None:
        if kind not in self._reported:
            self._reported.add(kind)
            self.notes.append((kind, text))
