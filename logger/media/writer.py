"""Write the media of one run: the files first, then their line in the index."""

import os
import time
from _thread import LockType, allocate_lock

from .. import paths
from .files import MediaFiles
from .index_file import IndexFile, encode_fields, encode_value
from .kinds import FOLDER_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..notices import NoticePrinter
    from .entry_target import EntryTarget
    from .thinning import Thinning


class MediaWriter:
    """Writes the media of an `ExperimentLogger`. It is made with the first of them.

    Attributes:
        n_over_budget: how many were not kept because the budget was used up.
    """

    def __init__(
        self, dat_path: str, budget_bytes: int, notices: "NoticePrinter", *, begins_session: bool
    ) -> None:
        folder = media_folder_of(dat_path)
        place = "/".join((os.path.basename(os.path.dirname(folder)), FOLDER_NAME, ""))
        self._dat_path, self._place = dat_path, place
        self._quoted_place = encode_value(place)[:-1]
        self._files = MediaFiles(folder)
        self._index = IndexFile(paths.media_index_of(dat_path), begins_session=begins_session)
        self._budget_bytes = budget_bytes
        self._notices = notices
        self._thinning: Thinning | None = None
        self._lock, self._lock_pid = allocate_lock(), os.getpid()
        self._has_marked_budget = False
        self.n_over_budget = 0

    def add(
        self,
        target: "EntryTarget",
        about: "Mapping[str, object]",
        files: "Mapping[str, tuple[bytes, str]]",
    ) -> None:
        """Write what belongs to one call.

        Args:
            about: further fields of its line.
            files: bytes and suffix of each file, by its key in the line.

        Raises:
            OSError: it cannot be written.
        """
        with self._own_lock():
            line = (
                f'{{"kind":"{target.kind}","name":{encode_value(target.name)},'
                f'"step":{target.step},"time":{target.wall_time:.6f}{encode_fields(about)}'
            )
            if not self._fits(len(line), files):
                self._report_budget(target)
                return
            written: list[tuple[str, bytes]] = []
            found: list[tuple[str, bytes]] = []
            try:
                for key, (data, suffix) in files.items():
                    name, is_new = self._files.put(data, suffix)
                    (written if is_new else found).append((name, data))
                    line += f',"{key}":{self._quoted_place}{name}"'
                    if key == "file":
                        line += f',"bytes":{len(data)}'
                if target.keep.last is not None:
                    line += f',"keep":{target.keep.last}'
                self._index.append(line + "}")
            except OSError:
                for name, _ in written:
                    self._files.discard(name)
                raise
            for name, data in found:
                self._files.restore(name, data)
            if target.keep.last is not None:
                self._thin(target, target.keep.last)

    def look(self) -> None:
        """Check that the index is still there."""
        with self._own_lock():
            self._index.look()

    def close(self) -> None:
        """Close the index, and report what was not kept."""
        self._index.close()
        if self.n_over_budget:
            self._notices.warn_once(
                f"{self.n_over_budget} images or other media were not kept: the budget of this run "
                f"({_size(self._budget_bytes)}) is used up"
            )

    def _own_lock(self) -> LockType:
        if self._lock_pid != os.getpid():
            # forked while another thread of the parent held it: nobody will release it here
            self._lock, self._lock_pid = allocate_lock(), os.getpid()
        return self._lock

    def _fits(self, n_line_bytes: int, files: "Mapping[str, tuple[bytes, str]]") -> bool:
        n_left = self._budget_bytes - self._files.used_bytes - self._index.size_bytes - n_line_bytes
        for data, _ in files.values():
            n_left -= len(data)
        if n_left >= 0:
            return True
        for data, suffix in files.values():
            if not self._files.needs_space(data, suffix):
                n_left += len(data)
        return n_left >= 0

    def _report_budget(self, target: "EntryTarget") -> None:
        """Count what is not kept. The first time, say so, here and to the readers."""
        self.n_over_budget += 1
        if self.n_over_budget == 1:
            self._notices.warn_once(
                f"the budget of {_size(self._budget_bytes)} for images and other media of this run "
                f"is used up: {target.kind} {target.name!r} of step {target.step} is not kept. Of "
                "what follows, only what still fits is kept. Training continues. Raise the budget "
                "with media_budget_bytes=, or keep less with keep='last 5' or keep='every 100'"
            )
        if not self._has_marked_budget:
            about = encode_fields({"bytes": self._budget_bytes})
            self._index.append(f'{{"kind":"budget","time":{time.time():.6f}{about}}}')
            self._has_marked_budget = True

    def _thin(self, target: "EntryTarget", last: int) -> None:
        if self._thinning is None:
            from .thinning import Thinning

            self._thinning = Thinning(self._dat_path, self._place)
        if (target.kind, target.name) in self._thinning.read():
            self._notices.warn_once(
                f"{target.kind} {target.name!r}: only the last {last} steps are kept"
            )
        while self._thinning.needless:
            self._files.remove(self._thinning.needless.pop(), self._thinning.needs)


def media_folder_of(dat_path: str) -> str:
    """Return the folder for the media of a run. All attempts at a run of a sweep share it."""
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
