"""Decode events to columns: numpy decodes similar ones together, and each other kind once.

A script logs the same few metrics repeatedly. Events of one length, with a step of one length,
usually differ only in time, step and value: with these set to zero they are equal. One event of
each such kind is parsed. For the others the bytes are compared and the numbers cut out.
"""

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .crc32c import MARGIN, Bytes, Ints
from .distinct import distinct
from .event import EventParser, ParsedEvent, ScalarValue
from .framing import HEAD, Records
from .hparams import HparamsSession
from .wire import Readable, WireError

_FEW = 16
_LONGEST = 512
_MOST_TRIES = 4
_MOST_KNOWN = 65_536
_MOST_OTHERS = 100_000
_STEP_AT = 10  # a double with its key, and the key of the step
_FACTORS = np.array([pow(5, 2 * place + 3, 1 << 64) for place in range(_LONGEST // 8)], np.uint64)
"""Odd numbers for hashing. `numpy.random` has better ones, but takes long to import."""


@dataclass(frozen=True, slots=True)
class Scalars:
    """Scalars side by side, each array of shape (n_scalars,), in any order.

    `number`: which metric. `sequence`: which event, counted in the order of the files.
    """

    sequence: Ints
    number: Ints
    step: Ints
    wall_time: NDArray[np.float64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.sequence)

    def where(self, which: NDArray[np.bool_] | Ints) -> "Scalars":
        """Select some of them, by a mask or by their places."""
        return Scalars(*(getattr(self, name)[which] for name in Scalars.__slots__))


@dataclass(frozen=True, slots=True)
class _Layout:
    """The common layout of similar events."""

    numbers: tuple[int, ...]
    places: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class _Pieces:
    parts: list[Scalars] = field(default_factory=list)
    single: list[tuple[int, int, int, float, float]] = field(default_factory=list)

    def joined(self) -> Scalars:
        parts = list(self.parts)
        if self.single:
            sequence, number, step, wall_time, value = zip(*self.single, strict=True)
            parts.append(
                Scalars(
                    np.array(sequence, np.int64),
                    np.array(number, np.int64),
                    np.array(step, np.int64),
                    np.array(wall_time, np.float64),
                    np.array(value, np.float64),
                )
            )
        return join_scalars(parts)


def join_scalars(parts: list[Scalars]) -> Scalars:
    """Concatenate scalars."""
    if not parts:
        none, nothing = np.empty(0, np.int64), np.empty(0)
        return Scalars(none, none, none, nothing, nothing)
    return Scalars(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Scalars.__slots__)
    )


class EventDecoder:
    """Decodes the events of one run, piece by piece.

    Attributes:
        names: of the metrics, by number.
        others: tags of what is no scalar, and their kinds.
        session: the content of the hparams plugin.
        purges: sequence and step of each restart: values logged before it from that step on are
            void.
        n_damaged: records with the right checksum but without an event.
        first_wall_time: of the first event, seconds since the epoch.
        last_wall_time: the latest of any event.
    """

    def __init__(self, max_metrics: int | None = None, always: tuple[str, ...] = ()) -> None:
        """Args:
        how many metrics to keep the values of, and which to keep in addition."""
        self._max_metrics = max_metrics
        self._always = frozenset(always)
        self._parser = EventParser()
        self._layouts: dict[bytes, _Layout | None] = {}
        self._numbers: dict[str, int] = {}
        self._left_out: set[str] = set()
        self._n_events = 0
        self.names: list[str] = []
        self.others: dict[str, str] = {}
        self.session = HparamsSession()
        self.purges: list[tuple[int, int]] = []
        self.n_damaged = 0
        self.first_wall_time: float | None = None
        self.last_wall_time: float | None = None

    @property
    def n_left_out(self) -> int:
        """How many other metrics there are."""
        return len(self._left_out)

    def decode(self, records: Records) -> Scalars:
        """Return the scalars in some records."""
        pieces = _Pieces()
        first, kinds = distinct(records.lengths)
        order = np.argsort(kinds, kind="stable")
        bounds = np.cumsum(np.bincount(kinds, minlength=len(first)))[:-1]
        for group in np.split(order, bounds) if len(order) else []:
            length = int(records.lengths[group[0]])
            if len(group) < _FEW or length > _LONGEST or length < _STEP_AT + 10:
                self._take_each(pieces, records, group)
            else:
                self._take_group(pieces, records, group, length)
        self._n_events += len(records)
        return pieces.joined()

    def decode_one(self, data: Readable) -> Scalars:
        """Decode the event of one record, which may still be in its file."""
        pieces = _Pieces()
        self._take(pieces, data, self._n_events, HEAD)
        self._n_events += 1
        return pieces.joined()

    def _take_each(self, pieces: _Pieces, records: Records, which: Ints) -> None:
        for index in which.tolist():
            start = int(records.starts[index])
            data = records.buffer[start : start + int(records.lengths[index])].tobytes()
            self._take(pieces, data, self._n_events + index, start - MARGIN)

    def _take(self, pieces: _Pieces, data: Readable, sequence: int, at: int) -> None:
        """Take in one event. `at`: where its content is, after where decoding began."""
        try:
            event = self._parser.parse(data)
            wall_time = wall_time_of(data, event.wall_time_at)
            numbers = [_number_at(data, value) for value in event.values]
            self._take_others(data, event, (sequence, event.step, wall_time), at)
        except WireError:
            self.n_damaged += 1
            return
        self._note_times(wall_time, wall_time)
        self._note(event, sequence)
        for value, found in zip(event.values, numbers, strict=True):
            number = self._number(value.tag)
            if number >= 0:
                pieces.single.append((sequence, number, event.step, wall_time, found))

    def _take_others(
        self, data: Readable, event: ParsedEvent, when: tuple[int, int, float], at: int
    ) -> None:
        """Take in everything but scalars. `when`: sequence, step and wall time."""

    def _note(self, event: ParsedEvent, sequence: int) -> None:
        for tag, kind in event.others:
            if len(self.others) < _MOST_OTHERS:
                self.others.setdefault(tag, kind)
        for content in event.hparams:
            self.session.take(content)
        if event.is_session_start:
            self.purges.append((sequence, event.step))

    def _note_times(self, first: float, last: float) -> None:
        if self.first_wall_time is None:
            self.first_wall_time = first
        if self.last_wall_time is None or last > self.last_wall_time:
            self.last_wall_time = last

    def _number(self, name: str) -> int:
        """Return the number of a metric, or -1 if its values are not kept."""
        known = self._numbers.get(name)
        if known is not None:
            return known
        is_free = self._max_metrics is None or len(self.names) < self._max_metrics
        if not is_free and name not in self._always:
            self._left_out.add(name)
            return -1
        self._numbers[name] = len(self.names)
        self.names.append(name)
        return len(self.names) - 1

    def _take_group(self, pieces: _Pieces, records: Records, group: Ints, length: int) -> None:
        """Take in events of one length: those whose steps take as many bytes may be similar."""
        windows = np.lib.stride_tricks.sliding_window_view(records.buffer, length)
        rows = windows[records.starts[group]]
        is_usual = (rows[:, 0] == 0x09) & (rows[:, _STEP_AT - 1] == 0x10)
        n_step_bytes = (rows[:, _STEP_AT : _STEP_AT + 10] < 0x80).argmax(axis=1) + 1
        n_step_bytes[~is_usual] = 0
        for n_bytes in np.flatnonzero(np.bincount(n_step_bytes)).tolist():
            which = n_step_bytes == n_bytes
            if n_bytes and int(which.sum()) >= _FEW:
                rest = self._take_alike(pieces, rows[which], group[which], n_bytes)
            else:
                rest = group[which]
            self._take_each(pieces, records, rest)

    def _take_alike(self, pieces: _Pieces, rows: Bytes, group: Ints, n_step_bytes: int) -> Ints:
        """Decode the similar events, and return the others."""
        for _ in range(_MOST_TRIES):
            if len(rows) < _FEW:
                break
            places = self._places_of(rows[0].tobytes(), n_step_bytes)
            if places is None:  # not a plain event: all like it are parsed one by one
                break
            is_taken = self._take_layout(pieces, rows, group, n_step_bytes, places)
            if not is_taken.any():
                break
            rows, group = rows[~is_taken], group[~is_taken]
        return group

    def _places_of(self, data: bytes, n_step_bytes: int) -> tuple[tuple[int, str], ...] | None:
        """Return where the values of an event are, if it is plain and all else is as expected."""
        try:
            event = self._parser.parse(data)
        except WireError:
            return None
        is_usual = event.step_at == _STEP_AT and event.step_end == _STEP_AT + n_step_bytes
        if not event.is_plain or not is_usual or event.wall_time_at != 1:
            return None
        return tuple((value.at, value.dtype) for value in event.values)

    def _take_layout(
        self,
        pieces: _Pieces,
        rows: Bytes,
        group: Ints,
        n_step_bytes: int,
        places: tuple[tuple[int, str], ...],
    ) -> NDArray[np.bool_]:
        """Decode the events whose values are at these places, and return a mask of them."""
        common = np.zeros((len(rows), -(-rows.shape[1] // 8) * 8), np.uint8)
        common[:, : rows.shape[1]] = rows
        common[:, 1:9] = 0
        common[:, _STEP_AT : _STEP_AT + n_step_bytes] = 0
        for at, dtype in places:
            common[:, at : at + int(dtype[2:])] = 0
        words = common.view("<u8")
        hashes = (words * _FACTORS[: words.shape[1]]).sum(axis=1)
        first, inverse = distinct(hashes)
        is_equal = (words == words[first[inverse]]).all(axis=1)
        head = repr((rows.shape[1], n_step_bytes, places)).encode()
        layouts = [
            self._layout(head + common[one].tobytes(), rows[one].tobytes(), n_step_bytes, places)
            for one in first.tolist()
        ]
        number_of = np.full((len(first), len(places)), -2, np.int64)
        for rank, layout in enumerate(layouts):
            if layout is not None:
                number_of[rank] = layout.numbers
        numbers = number_of[inverse]
        is_taken: NDArray[np.bool_] = is_equal & (numbers[:, 0] != -2)
        taken = np.flatnonzero(is_taken)
        self._emit(pieces, rows[taken], group[taken], numbers[taken], n_step_bytes, places)
        return is_taken

    def _layout(
        self, key: bytes, data: bytes, n_step_bytes: int, places: tuple[tuple[int, str], ...]
    ) -> _Layout | None:
        """Parse the layout of these events. None means that their values are elsewhere."""
        if key in self._layouts:
            return self._layouts[key]
        layout = None
        if self._places_of(data, n_step_bytes) == places:
            event = self._parser.parse(data)
            layout = _Layout(tuple(self._number(value.tag) for value in event.values), places)
        if len(self._layouts) >= _MOST_KNOWN:
            self._layouts.clear()
        self._layouts[key] = layout
        return layout

    def _emit(
        self,
        pieces: _Pieces,
        rows: Bytes,
        group: Ints,
        numbers: Ints,
        n_step_bytes: int,
        places: tuple[tuple[int, str], ...],
    ) -> None:
        if not len(rows):
            return
        wall_times = _cut(rows, 1, "<f8")
        self._note_times(float(wall_times[0]), float(wall_times.max()))
        steps = np.zeros(len(rows), np.uint64)
        for byte in range(n_step_bytes):
            part = (rows[:, _STEP_AT + byte] & 0x7F).astype(np.uint64)
            steps |= part << np.uint64(7 * byte)
        for column, (at, dtype) in enumerate(places):
            scalars = Scalars(
                group + self._n_events,
                numbers[:, column],
                steps.view(np.int64),
                wall_times,
                _cut(rows, at, dtype).astype(np.float64),
            )
            is_kept = scalars.number >= 0
            pieces.parts.append(scalars if is_kept.all() else scalars.where(is_kept))


def wall_time_of(data: Readable, at: int) -> float:
    """Return the time of an event, given its place, or 0 for one without."""
    return float(struct.unpack("<d", data[at : at + 8])[0]) if at >= 0 else 0.0


_CODES = {"<f4": "<f", "<f8": "<d", "<i4": "<i", "<i8": "<q"}


def _number_at(data: Readable, value: ScalarValue) -> float:
    n_bytes = int(value.dtype[2:])
    return float(struct.unpack(_CODES[value.dtype], data[value.at : value.at + n_bytes])[0])


def _cut(rows: Bytes, at: int, dtype: str) -> NDArray[np.float64]:
    """Cut a number out of each row."""
    found: NDArray[np.float64] = np.ndarray(
        (len(rows),), dtype, rows, offset=at, strides=(rows.strides[0],)
    )
    return found.copy()
