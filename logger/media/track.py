"""The entries of a run that count: not those of abandoned branches, and not those thinned out."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from ..paths import media_index_of
from ..reading.attempts import earlier_logs
from ..reading.branches import are_kept
from .entries import BudgetMark, IndexLine, MediaEntry, SessionMark
from .keeping import continued, last_steps
from .tail import IndexTail

MediaKey = tuple[str, str]
"""Kind and name."""


class MediaTrack:
    """All entries of one kind and name, in the order written."""

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
        """The entries that count, by step. Entries of one step are in the order logged."""
        if self._kept is None:
            self._kept = self._select()
        return self._kept

    def step_at(self, step: int | None) -> int | None:
        """Return the last step that is not after this one, or else the first. None means the last
        of all."""
        kept = self.kept
        if not kept:
            return None
        if step is None:
            return kept[-1].step
        place = bisect_right(kept, step, key=lambda entry: entry.step)
        return kept[max(place - 1, 0)].step

    def at(self, step: int) -> list[MediaEntry]:
        """Return the entries of one step."""
        kept = self.kept
        begin = bisect_left(kept, step, key=lambda entry: entry.step)
        return kept[begin : bisect_right(kept, step, key=lambda entry: entry.step)]

    def _select(self) -> list[MediaEntry]:
        found = self.entries
        if any(entry.keep for entry in found):
            found = self._thin()
        elif self._starts:
            steps = np.array([entry.step for entry in found], np.int64)
            is_kept = are_kept(steps, self._starts).tolist()
            found = [entry for entry, yes in zip(found, is_kept, strict=True) if yes]
        return sorted(found, key=lambda entry: entry.step)

    def _thin(self) -> list[MediaEntry]:
        """Drop what `keep="last n"` drops, in the order in which the writers did.

        A step that was dropped does not come back when a later session abandons those after it.
        """
        kept: list[MediaEntry] = []
        for begin, end in pairwise([0, *self._starts, len(self.entries)]):
            part = self.entries[begin:end]
            kept = last_steps([*continued(kept, part[0].step), *part])
        return kept


class MediaHistory:
    """The media of a run up to this attempt, read from the indexes beside its logs.

    Attributes:
        tracks: by kind and name, in the order of their first entries.
        budget_bytes: of a run that used up its budget, or 0 for others.
        n_changes: increases with everything that is new.
        is_behind: the last `refresh` ran out of time before the end.
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
        """Whether an index is too long to be read whole."""
        return any(tail.is_cut for tail in self._tails)

    @property
    def n_entries(self) -> int:
        """How many entries are in memory."""
        return sum(len(track.entries) for track in self.tracks.values())

    @property
    def other_tags(self) -> Mapping[str, str]:
        """Tags of event files that are not scalars, and their kinds."""
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
"""A distance between the sessions of one attempt and those of the next."""
