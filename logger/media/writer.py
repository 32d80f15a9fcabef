"""Writes the media of one run: the files first, then their line in the index."""

import os
import time
from _thread import allocate_lock
from collections import deque

from .. import paths
from .files import MediaFiles
from .index_file import IndexFile
from .keeping import Keep
from .kinds import FOLDER_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..notices import NoticePrinter


class MediaWriter:
    """What an `ExperimentLogger` writes media with, made with the first of them.

    Attributes:
        n_over_budget: how many were not kept, since the budget was used up.
    """

    def __init__(
        self, dat_path: str, budget_bytes: int, notices: "NoticePrinter", *, begins_session: bool
    ) -> None:
        folder = media_folder_of(dat_path)
        self._place = "/".join((os.path.basename(os.path.dirname(folder)), FOLDER_NAME, ""))
        self._files = MediaFiles(folder)
        self._index = IndexFile(paths.media_index_of(dat_path), begins_session=begins_session)
        self._budget_bytes = budget_bytes
        self._notices = notices
        self._lasts: dict[tuple[object, object], deque[tuple[int, list[str]]]] = {}
        self._lock, self._lock_pid = allocate_lock(), os.getpid()
        self._has_reported_budget = False
        self.n_over_budget = 0

    def add(
        self,
        entry: "dict[str, object]",
        files: "Mapping[str, tuple[bytes, str]]",
        keep: Keep,
    ) -> None:
        """Write what belongs to one call.

        Args:
            entry: its line, but for the files: `kind`, `name`, `step`, `time` and more.
            files: bytes and suffix of each file, by its key in the line.

        Raises:
            OSError: it cannot be written.
        """
        if self._lock_pid != os.getpid():
            # forked while another thread of the parent held it: here nobody will let it go
            self._lock, self._lock_pid = allocate_lock(), os.getpid()
        with self._lock:
            if not self._fits(files):
                self._say_over_budget(entry)
                return
            names: list[str] = []
            try:
                for key, (data, suffix) in files.items():
                    names.append(self._files.put(data, suffix))
                    entry[key] = self._place + names[-1]
                    if key == "file":
                        entry["bytes"] = len(data)
                if keep.last is not None:
                    entry["keep"] = keep.last
                self._index.append(entry)
            except OSError:
                for name in names:
                    self._files.remove(name)
                raise
            if keep.last is not None:
                self._thin(entry, names, keep.last)

    def close(self) -> None:
        """Close the index, and say what was not kept."""
        self._index.close()
        if self.n_over_budget:
            self._notices.say_once(
                f"{self.n_over_budget} images or other media were not kept: the budget of this run "
                f"({_size(self._budget_bytes)}) is used up"
            )

    def _fits(self, files: "Mapping[str, tuple[bytes, str]]") -> bool:
        n_bytes = sum(len(data) for data, _ in files.values())
        if self._files.used_bytes + n_bytes <= self._budget_bytes:
            return True
        return not any(self._files.needs_space(data, suffix) for data, suffix in files.values())

    def _say_over_budget(self, entry: "dict[str, object]") -> None:
        self.n_over_budget += 1
        self._notices.say_once(
            f"the budget of {_size(self._budget_bytes)} for images and other media of this run is "
            f"used up, so {entry['kind']} {entry['name']!r} of step {entry['step']} is not kept, "
            "nor is anything after it. Training continues. Raise the budget with "
            "media_budget_bytes=, or keep less with keep='last 5' or keep='every 100'"
        )
        if not self._has_reported_budget:
            self._has_reported_budget = True
            self._index.append({"kind": "budget", "time": time.time(), "bytes": self._budget_bytes})

    def _thin(self, entry: "dict[str, object]", names: list[str], last: int) -> None:
        key = entry["kind"], entry["name"]
        step = entry["step"]
        assert isinstance(step, int)
        known = self._lasts.setdefault(key, deque())
        if known and known[-1][0] == step:
            known[-1][1].extend(names)
        else:
            known.append((step, names))
        while len(known) > last:
            self._notices.say_once(
                f"{entry['kind']} {entry['name']!r}: only the last {last} steps are kept"
            )
            for name in known.popleft()[1]:
                self._files.remove(name)


def media_folder_of(dat_path: str) -> str:
    """The folder for the media of a run. Attempts at a run of a sweep share it."""
    own = paths.run_folder_of(dat_path)
    if os.path.dirname(own) != os.path.dirname(dat_path) or not own.endswith(
        paths.RUN_FOLDER_SUFFIX
    ):
        own = dat_path.removesuffix(paths.DAT_SUFFIX) + paths.RUN_FOLDER_SUFFIX
    return os.path.join(own, FOLDER_NAME)


def _size(n_bytes: int) -> str:
    for unit, size in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if n_bytes >= size:
            return f"{n_bytes / size:g} {unit}"
    return f"{n_bytes} bytes"
