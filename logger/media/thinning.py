"""Which files `keep="last n"` makes needless. The index says so, as it does to its readers.

So it counts what earlier processes and attempts of the run logged, and what other processes log
meanwhile, and a file that any of their entries needs stays. Reads with the standard library alone.
"""

from ..paths import media_index_of
from ..reading.attempts import earlier_logs
from .entries import IndexLine, MediaEntry, SessionMark
from .keeping import continued, last_steps
from .tail import IndexTail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .track import MediaKey  # loads numpy


class Thinning:
    """Follows the index of a run, and its earlier attempts'.

    Attributes:
        needless: names of files that no entry needs any more. The caller removes them.
    """

    def __init__(self, dat_path: str, place: str) -> None:
        """Args:
        place: what the files of this run begin with in the index.
        """
        self._logs = [*earlier_logs(dat_path), dat_path]
        self._place = place
        self._begin()

    def _begin(self) -> None:
        self._tails = [IndexTail(media_index_of(log)) for log in self._logs]
        self._sessions: dict[MediaKey, tuple[int, int]] = {}
        self._thinned: dict[MediaKey, list[MediaEntry]] = {}
        self._n_uses: dict[str, int] = {}
        self._n_marks = 0
        self.needless: set[str] = set()

    def read(self) -> "set[MediaKey]":
        """Take in what is new, and return the kinds and names of which steps were dropped."""
        dropped: set[MediaKey] = set()
        for number, tail in enumerate(self._tails):
            lines = tail.read()
            if tail.was_replaced:
                self._begin()
                return self.read()
            dropped |= self._take_in(lines, number)
        if any(tail.is_cut for tail in self._tails):  # the rest of it may need them
            self.needless.clear()
        return dropped

    def needs(self, name: str) -> bool:
        """Return whether an entry needs this file, by the index as it is now."""
        self.read()
        return name in self._n_uses

    def _take_in(self, lines: list[IndexLine], number: int) -> "set[MediaKey]":
        dropped: set[MediaKey] = set()
        for line in lines:
            if isinstance(line, SessionMark):
                self._n_marks += 1
            elif isinstance(line, MediaEntry) and self._take(line, (number, self._n_marks)):
                dropped.add((line.kind, line.name))
        return dropped

    def _take(self, entry: MediaEntry, session: tuple[int, int]) -> bool:
        """Take in an entry, and return whether others of its name are dropped."""
        for name in self._names(entry):
            self._n_uses[name] = self._n_uses.get(name, 0) + 1
            self.needless.discard(name)
        key = entry.kind, entry.name
        before = rest = self._thinned.get(key, [])
        if self._sessions.setdefault(key, session) != session:
            self._sessions[key] = session
            rest = continued(rest, entry.step)
        if entry.keep:
            before, rest = [*before, entry], last_steps([*rest, entry])
        if len(rest) != len(before) or entry.keep:
            self._thinned[key] = rest
        is_kept = set(map(id, rest))
        gone = [one for one in before if id(one) not in is_kept]
        for one in gone:
            self._release(one)
        return bool(gone)

    def _release(self, entry: MediaEntry) -> None:
        for name in self._names(entry):
            self._n_uses[name] -= 1
            if not self._n_uses[name]:
                del self._n_uses[name]
                self.needless.add(name)

    def _names(self, entry: MediaEntry) -> list[str]:
        files = (entry.file, entry.svg)
        n = len(self._place)
        return [file[n:] for file in files if file is not None and file.startswith(self._place)]
