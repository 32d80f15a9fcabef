"""Images, texts, histograms and sounds in event files: where their bytes are, without a copy.

The messages: tensorboard/compat/proto/summary.proto. An image is an `Image` with the bytes of a
file, or a tensor of texts (width, height, and the bytes of each image). A histogram is a
`HistogramProto` with upper limits, or a tensor of rows (left, right, count). A text is a tensor of
texts, with two dimensions a table of them.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import wire
from .wire import Readable

_SUMMARY = 5
_TAG, _IMAGE, _HISTOGRAM, _AUDIO, _TENSOR, _METADATA = 1, 4, 5, 6, 8, 9
_ENCODED = 4  # of Image and of Audio
_DTYPE, _SHAPE, _CONTENT, _FLOATS, _DOUBLES, _STRINGS = 1, 2, 4, 5, 6, 8  # of TensorProto
_FORMATS = {1: "f", 2: "d"}  # DT_FLOAT and DT_DOUBLE
_MOST_VALUES = 1_000
_MOST_STRINGS = 1_000
_MOST_NUMBERS = 20_000
_MOST_DIMS = 100

BYTES, BUCKETS, ROWS, TEXTS = "bytes", "buckets", "rows", "texts"
"""The form of a content: the content itself, a `HistogramProto`, a tensor of rows, or one of texts
with several dimensions."""


class EventMedium(NamedTuple):
    """One image, text, histogram or sound in an event, and where in the event its bytes are."""

    kind: str
    tag: str
    form: str
    at: int
    length: int


class MediaParser:
    """Finds media in events. Remembers the kind that a tag's first event gave."""

    def __init__(self) -> None:
        self._plugins: dict[str, str] = {}

    def parse(self, data: Readable) -> list[EventMedium]:
        """Find the media of one event.

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
    if plugin == "text" and len(_shape(data, start, stop)) > 1:
        yield EventMedium("text", tag, TEXTS, start, stop - start)
        return
    strings = list(_strings(data, start, stop)) if plugin in ("images", "text", "audio") else []
    if plugin == "images":
        strings = strings[2:]  # width and height come first
    elif plugin == "audio":
        strings = strings[::2]  # each sound has a label
    kind = {"images": "image", "text": "text", "audio": "audio"}.get(plugin, "")
    for at, end in strings:
        yield EventMedium(kind, tag, BYTES, at, end - at)


def _shape(data: Readable, start: int, stop: int) -> list[int]:
    """Return the length of each dimension of a tensor."""
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == _SHAPE and kind == wire.BYTES:
            dims = [
                (a, b) for n, k, a, b in wire.fields(data, at, end) if (n, k) == (2, wire.BYTES)
            ]
            return [_size_of_dim(data, a, b) for a, b in dims[:_MOST_DIMS]]
    return []


def _size_of_dim(data: Readable, start: int, stop: int) -> int:
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == 1 and kind == wire.VARINT:
            return wire.varint(data, at, end)[0]
    return 0


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
    """Decode a `HistogramProto`: upper limits and counts, from its exact minimum on.

    Raises:
        WireError: the bytes are not a message.
    """
    numbers: dict[int, float] = {}
    columns: dict[int, list[float]] = {6: [], 7: []}
    for number, kind, at, end in wire.fields(data, 0, len(data)):
        if number in (1, 2, 3, 4) and kind == wire.FIXED64:
            numbers[number] = struct.unpack_from("<d", data, at)[0]
        elif number in columns and kind in (wire.BYTES, wire.FIXED64):
            columns[number] += _floats(data, at, end, "d")
    low, high = numbers.get(1, 0.0), numbers.get(2, 0.0)
    limits, counts = columns[6], columns[7]
    n = min(len(limits), len(counts))
    edges = [low, *(min(max(limit, low), high) for limit in limits[:n])]
    return RawHistogram(counts[:n], edges, numbers.get(3, sum(counts)), low, high, numbers.get(4))


def decode_rows(data: bytes) -> RawHistogram:
    """Decode a tensor of rows left, right, count.

    Raises:
        WireError: the bytes are not such a tensor, or its numbers neither float32 nor float64.
    """
    form = "d"
    parts: list[tuple[int, int]] = []
    for number, kind, at, end in wire.fields(data, 0, len(data)):
        if number == _DTYPE and kind == wire.VARINT:
            dtype = wire.varint(data, at, end)[0]
            if dtype not in _FORMATS:
                raise wire.WireError(f"a histogram of type {dtype}")
            form = _FORMATS[dtype]
        elif number in (_CONTENT, _FLOATS, _DOUBLES) and kind != wire.VARINT:
            parts.append((at, end))
    values = [value for at, end in parts for value in _floats(data, at, end, form)]
    rows = [values[n : n + 3] for n in range(0, len(values) - 2, 3)]
    if not rows:
        return RawHistogram([], [], 0, None, None, None)
    counts = [row[2] for row in rows]
    edges = [rows[0][0], *(row[1] for row in rows)]
    return RawHistogram(counts, edges, sum(counts), edges[0], edges[-1], None)


def decode_texts(data: bytes) -> list[list[str]]:
    """Decode a tensor of texts with several dimensions: rows of the last one.

    Raises:
        WireError: the bytes are none.
    """
    n_columns = max(1, (_shape(data, 0, len(data)) or [1])[-1])
    texts = [data[at:end].decode("utf-8", "replace") for at, end in _strings(data, 0, len(data))]
    return [texts[n : n + n_columns] for n in range(0, len(texts), n_columns)]


def _floats(data: bytes, at: int, end: int, form: str) -> list[float]:
    """Decode packed numbers.

    Args:
        form: `f` for float32 and `d` for float64.
    """
    n = min((end - at) // struct.calcsize(form), _MOST_NUMBERS)
    return list(struct.unpack_from(f"<{n}{form}", data, at))
