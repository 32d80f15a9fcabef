"""Images, texts, histograms and sounds in event files: where their bytes are, without a copy.

The messages: tensorboard/compat/proto/summary.proto. An image is an `Image` with the bytes of a
file, or a tensor of texts (width, height, and the bytes of each image). A histogram is a
`HistogramProto` with upper limits, or a tensor of rows (left, right, count).
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import wire
from .wire import Readable

_SUMMARY = 5
_TAG, _IMAGE, _HISTOGRAM, _AUDIO, _TENSOR, _METADATA = 1, 4, 5, 6, 8, 9
_ENCODED = 4  # of Image and of Audio
_STRINGS = 8  # of TensorProto
_MOST_VALUES = 1_000
_MOST_STRINGS = 1_000
_MOST_NUMBERS = 20_000

BYTES, BUCKETS, ROWS = "bytes", "buckets", "rows"
"""What is at a place: the content itself, a `HistogramProto`, or a tensor of rows."""


class EventMedium(NamedTuple):
    """One image, text, histogram or sound in an event, and where in the event its bytes are."""

    kind: str
    tag: str
    form: str
    at: int
    length: int


class MediaParser:
    """Finds media in events. Remembers what a tag's first event said of its kind."""

    def __init__(self) -> None:
        self._plugins: dict[str, str] = {}

    def parse(self, data: Readable) -> list[EventMedium]:
        """The media of one event.

        Raises:
            WireError: the bytes are no event.
        """
        found: list[EventMedium] = []
        for number, kind, at, end in wire.fields(data, 0, len(data)):
            if number != _SUMMARY or kind != wire.BYTES:
                continue
            for inner, inner_kind, inner_at, inner_end in wire.fields(data, at, end):
                if inner == 1 and inner_kind == wire.BYTES and len(found) < _MOST_VALUES:
                    found.extend(self._value(data, inner_at, inner_end))
        return found

    def _value(self, data: Readable, start: int, stop: int) -> Iterator[EventMedium]:
        tag, plugin = "", ""
        parts: dict[int, tuple[int, int]] = {}
        for number, kind, at, end in wire.fields(data, start, stop):
            if kind != wire.BYTES:
                continue
            if number == _TAG:
                tag = data[at:end].decode("utf-8", "replace")
            elif number == _METADATA:
                plugin = _plugin_name(data, at, end)
            else:
                parts[number] = at, end
        if plugin and len(self._plugins) < 100_000:
            self._plugins.setdefault(tag, plugin)
        plugin = plugin or self._plugins.get(tag, "")
        if _HISTOGRAM in parts:
            at, end = parts[_HISTOGRAM]
            yield EventMedium("histogram", tag, BUCKETS, at, end - at)
        for number, kind_ in ((_IMAGE, "image"), (_AUDIO, "audio")):
            if number in parts and (place := _encoded(data, *parts[number])) is not None:
                yield EventMedium(kind_, tag, BYTES, *place)
        if _TENSOR in parts:
            yield from _in_tensor(data, tag, plugin, *parts[_TENSOR])


def _in_tensor(
    data: Readable, tag: str, plugin: str, start: int, stop: int
) -> Iterator[EventMedium]:
    if plugin == "histograms":
        yield EventMedium("histogram", tag, ROWS, start, stop - start)
        return
    strings = list(_strings(data, start, stop)) if plugin in ("images", "text", "audio") else []
    if plugin == "images":
        strings = strings[2:]  # width and height come first
    elif plugin == "audio":
        strings = strings[::2]  # each sound has a label
    kind = {"images": "image", "text": "text", "audio": "audio"}.get(plugin, "")
    for at, end in strings:
        yield EventMedium(kind, tag, BYTES, at, end - at)


def _strings(data: Readable, start: int, stop: int) -> Iterator[tuple[int, int]]:
    n_found = 0
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == _STRINGS and kind == wire.BYTES and n_found < _MOST_STRINGS:
            n_found += 1
            yield at, end


def _encoded(data: Readable, start: int, stop: int) -> tuple[int, int] | None:
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == _ENCODED and kind == wire.BYTES:
            return at, end - at
    return None


def _plugin_name(data: Readable, start: int, stop: int) -> str:
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == 1 and kind == wire.BYTES:
            for inner, inner_kind, inner_at, inner_end in wire.fields(data, at, end):
                if inner == 1 and inner_kind == wire.BYTES:
                    return data[inner_at:inner_end].decode("utf-8", "replace")
    return ""


class RawHistogram(NamedTuple):
    """A histogram as an event file has it."""

    counts: list[float]
    edges: list[float]
    number: float
    minimum: float | None
    maximum: float | None
    total: float | None


def decode_buckets(data: bytes) -> RawHistogram:
    """A `HistogramProto`: upper limits and counts, from its exact minimum on.

    Raises:
        WireError: the bytes are none.
    """
    numbers: dict[int, float] = {}
    columns: dict[int, list[float]] = {6: [], 7: []}
    for number, kind, at, end in wire.fields(data, 0, len(data)):
        if number in (1, 2, 3, 4) and kind == wire.FIXED64:
            numbers[number] = struct.unpack_from("<d", data, at)[0]
        elif number in columns and kind in (wire.BYTES, wire.FIXED64):
            columns[number] += _doubles(data, at, end)
    low, high = numbers.get(1, 0.0), numbers.get(2, 0.0)
    limits, counts = columns[6], columns[7]
    n = min(len(limits), len(counts))
    edges = [low, *(min(max(limit, low), high) for limit in limits[:n])]
    return RawHistogram(counts[:n], edges, numbers.get(3, sum(counts)), low, high, numbers.get(4))


def decode_rows(data: bytes) -> RawHistogram:
    """A tensor of rows left, right, count.

    Raises:
        WireError: the bytes are none.
    """
    values: list[float] = []
    for number, kind, at, end in wire.fields(data, 0, len(data)):
        if number in (4, 6) and kind in (wire.BYTES, wire.FIXED64):  # content, double_val
            values += _doubles(data, at, end)
    rows = [values[n : n + 3] for n in range(0, len(values) - 2, 3)]
    if not rows:
        return RawHistogram([], [], 0, None, None, None)
    counts = [row[2] for row in rows]
    edges = [rows[0][0], *(row[1] for row in rows)]
    return RawHistogram(counts, edges, sum(counts), edges[0], edges[-1], None)


def _doubles(data: bytes, at: int, end: int) -> list[float]:
    n = min((end - at) // 8, _MOST_NUMBERS)
    return list(struct.unpack_from(f"<{n}d", data, at))
