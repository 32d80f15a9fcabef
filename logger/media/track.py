"""Which entries of a run count: those of abandoned branches and those thinned out do not."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

import numpy as np

from ..paths import media_index_of
from ..reading.attempts import earlier_logs
from ..reading.branches import are_kept
from .entries import BudgetMark, IndexLine, MediaEntry, SessionMark
from .tail import IndexTail

MediaKey = tuple[str, str]
"""Kind and name."""


class MediaTrack:
    """All entries of one kind and name, in the order in which they were written."""

    __slots__ = ("_kept", "_session", "_starts", "entries")

    def __init__(self) -> None:
        self.entries: list[MediaEntry] = []
        self._starts: list[int] = []
        self._session = 0
        self._kept: list[MediaEntry] | None = None

    def add(self, entry: MediaEntry, session: int) -> None:
        """Take in the next entry.

        Args:
            session: counts the processes that continued the run, one after the other.
        """
        if session != self._session and self.entries:
            self._starts.append(len(self.entries))
        self._session = session
        self.entries.append(entry)
        self._kept = None

    @property
    def kept(self) -> list[MediaEntry]:
        """Those that count, by step. Of one step in the order in which they were logged."""
        if self._kept is None:
            self._kept = self._select()
        return self._kept

    def step_at(self, step: int | None) -> int | None:
        """The last step that is not after this one, or the first. None means the last of all."""
        kept = self.kept
        if not kept:
            return None
        if step is None:
            return kept[-1].step
        place = bisect_right(kept, step, key=lambda entry: entry.step)
        return kept[max(place - 1, 0)].step

    def at(self, step: int) -> list[MediaEntry]:
        """Those of one step."""
        kept = self.kept
        begin = bisect_left(kept, step, key=lambda entry: entry.step)
        return kept[begin : bisect_right(kept, step, key=lambda entry: entry.step)]

    def _select(self) -> list[MediaEntry]:
        found: Iterable[MediaEntry] = self.entries
        if self._starts:
            steps = np.array([entry.step for entry in self.entries], np.int64)
            is_kept = are_kept(steps, self._starts).tolist()
            found = [entry for entry, yes in zip(self.entries, is_kept, strict=True) if yes]
        return sorted(_last_steps(list(found)), key=lambda entry: entry.step)


def _last_steps(entries: list[MediaEntry]) -> list[MediaEntry]:
    """Without those that `keep="last n"` thinned out."""
    if not entries or not any(entry.keep for entry in entries):
        return entries
    kept: list[MediaEntry] = []
    n_steps, step = 0, None
    for entry in reversed(entries):
        if entry.keep:
            n_steps += entry.step != step
            step = entry.step
        if not entry.keep or n_steps <= entry.keep:
            kept.append(entry)
    return kept[::-1]


class MediaHistory:
    """The media of a run up to this attempt, read from the indexes beside its logs.

    Attributes:
        tracks: by kind and name, in the order of their first entries.
        budget_bytes: of a run that used up its budget, or 0 for others.
        n_changes: grows with everything that is new.
        is_behind: the last `refresh` had not enough time for all.
    """

    is_behind = False

    def __init__(self, dat_path: str) -> None:
        logs = [*earlier_logs(dat_path), dat_path]
        self._tails = [IndexTail(media_index_of(log)) for log in logs]
        self.n_changes = 0
        self._clear()

    def _clear(self) -> None:
        self.tracks: dict[MediaKey, MediaTrack] = {}
        self.budget_bytes = 0
        self._session = 0

    @property
    def is_cut(self) -> bool:
        """Whether an index is longer than is read."""
        return any(tail.is_cut for tail in self._tails)

    @property
    def n_entries(self) -> int:
        """How many entries are in memory."""
        return sum(len(track.entries) for track in self.tracks.values())

    @property
    def other_tags(self) -> Mapping[str, str]:
        """Tags of event files that are no scalars, and their kinds."""
        return {}

    def refresh(self, most_s: float | None = None) -> set[MediaKey]:
        """Take in what is new, and return what changed.

        Args:
            most_s: how long to read event files. None means to their end.
        """
        changed: set[MediaKey] = set()
        for number, tail in enumerate(self._tails):
            lines = tail.read()
            if tail.was_replaced:
                return self._read_again()
            if lines and number:
                self._session = max(self._session, number * _FAR)
            changed |= self._take_in(lines)
        return changed

    def _read_again(self) -> set[MediaKey]:
        before = set(self.tracks)
        self._clear()
        self._tails = [IndexTail(tail.path) for tail in self._tails]
        self.n_changes += 1
        return before | self.refresh()

    def _take_in(self, lines: list[IndexLine]) -> set[MediaKey]:
        changed: set[MediaKey] = set()
        for line in lines:
            if isinstance(line, SessionMark):
                self._session += 1
                self.budget_bytes = 0
            elif isinstance(line, BudgetMark):
                self.budget_bytes = line.budget_bytes
            else:
                key = line.kind, line.name
                track = self.tracks.get(key)
                if track is None:
                    track = self.tracks[key] = MediaTrack()
                track.add(line, self._session)
                changed.add(key)
        self.n_changes += len(lines)
        return changed


_FAR = 1 << 20
"""Between the sessions of one attempt and those of the next."""
