"""The media of a run whose log is TensorBoard's event files, read in place."""

import time
from collections.abc import Mapping

from ..reading.bounded_reading import meanwhile
from ..reading.event_files import EventFiles, ReplacedError
from ..records import LogFormatError
from ..tensorboard.decoding import EventDecoder, Scalars
from ..tensorboard.event import ParsedEvent
from ..tensorboard.event_media import MediaParser
from ..tensorboard.wire import Readable
from .entries import MediaEntry, clean
from .track import MediaHistory, MediaKey, MediaTrack

_MOST_ENTRIES = 500_000


class MediaDecoder(EventDecoder):
    """Decodes events, and notes where in their files media are.

    Attributes:
        found: sequence and entry of each, in no order.
    """

    def __init__(self) -> None:
        super().__init__(max_metrics=0)
        self.found: list[tuple[int, MediaEntry]] = []
        self._media = MediaParser()
        self._path = ""
        self._offset = 0

    def begin(self, path: str, offset: int) -> None:
        """Set the file, and the byte in it, of what is decoded next."""
        self._path, self._offset = path, offset

    def _take_others(
        self, data: Readable, event: ParsedEvent, when: tuple[int, int, float], at: int
    ) -> None:
        if not event.others or len(self.found) > _MOST_ENTRIES:
            return
        sequence, step, wall_time = when
        for one in self._media.parse(data):
            entry = MediaEntry(
                one.kind,
                clean(one.tag, 65_535) or "(unnamed)",
                step,
                wall_time,
                self._path,
                self._offset + at + one.at,
                one.length,
                size_bytes=one.length,
                form=one.form,
            )
            self.found.append((sequence, entry))


class _Files(EventFiles):
    """Event files whose decoder knows its position."""

    def _read_file(self, parts: list[Scalars], path: str, place: object, max_bytes: int) -> bool:
        assert isinstance(self.decoder, MediaDecoder)
        self.decoder.begin(path, place.offset)  # type: ignore[attr-defined]
        return super()._read_file(parts, path, place, max_bytes)  # type: ignore[arg-type]


class EventMediaHistory(MediaHistory):
    """The media in the event files of a folder. Those that a restart made void do not count."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._begin()
        super().__init__(path)

    def _begin(self) -> None:
        self._decoder = MediaDecoder()
        self._files = _Files(self._path, self._decoder, follow_link=False)
        self._n_purges = 0

    @property
    def is_cut(self) -> bool:
        return self._files.n_damaged > 0 or self._files.n_stepped_over > 0

    @property
    def other_tags(self) -> Mapping[str, str]:
        return self._decoder.others

    def refresh(self, most_s: float | None = None) -> set[MediaKey]:
        until = None if most_s is None else time.monotonic() + most_s
        try:
            return self._read_on(until)
        except ReplacedError:
            before = set(self.tracks)
            self._begin()
            self._clear()
            self.n_changes += 1
            return before | self._read_on(until)

    def _read_on(self, until: float | None) -> set[MediaKey]:
        self.is_behind = True
        changed: set[MediaKey] = set()
        while self.is_behind:
            meanwhile()
            try:
                _, self.is_behind = self._files.read()
            except (OSError, LogFormatError):
                self.is_behind = False
            changed |= self._take_found()
            if until is not None and time.monotonic() > until:
                break
        return changed

    def _take_found(self) -> set[MediaKey]:
        found = sorted(self._decoder.found, key=lambda one: one[0])
        self._decoder.found = []
        purges = self._decoder.purges[self._n_purges :]
        self._n_purges = len(self._decoder.purges)
        changed: set[MediaKey] = set()
        for sequence, entry in found:
            while purges and purges[0][0] <= sequence:
                self._purge(purges.pop(0)[1])
            key = entry.kind, entry.name
            self.tracks.setdefault(key, MediaTrack()).add(entry, 0)
            changed.add(key)
        for _, step in purges:
            self._purge(step)
        self.n_changes += len(found)
        return changed

    def _purge(self, step: int) -> None:
        for key, track in list(self.tracks.items()):
            rest = [entry for entry in track.entries if entry.step < step]
            if len(rest) == len(track.entries):
                continue
            self.tracks[key] = MediaTrack()
            for entry in rest:
                self.tracks[key].add(entry, 0)
            if not rest:
                del self.tracks[key]
            self.n_changes += 1
