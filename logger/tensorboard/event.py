"""Parse one event by hand: where in its bytes the numbers are, and what else it holds.

The messages: tensorboard/compat/proto/{event,summary,tensor,types}.proto.
"""

from dataclasses import dataclass, field

from . import wire
from .wire import Readable

_WALL_TIME, _STEP, _SUMMARY, _SESSION_LOG = 1, 2, 5, 7  # of Event
_TAG, _SIMPLE_VALUE, _IMAGE, _HISTOGRAM, _AUDIO, _TENSOR, _METADATA = 1, 2, 4, 5, 6, 8, 9
_DTYPE, _SHAPE, _CONTENT = 1, 2, 4  # of TensorProto
_VALUES = {5: "<f4", 6: "<f8"}  # its repeated fields, packed
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}
_OF_OLD = {_IMAGE: "images", _HISTOGRAM: "histograms", _AUDIO: "audio"}
_DATA_CLASSES = {1: "scalars", 2: "tensors", 3: "images"}
_SESSION_START = 1
_MOST_VALUES = 100_000
_MOST_KINDS = 100_000
HPARAMS = "hparams"


@dataclass(frozen=True, slots=True)
class ScalarValue:
    """A scalar: its tag, the byte at which its number begins, and its type."""

    tag: str
    at: int
    dtype: str


@dataclass(slots=True)
class ParsedEvent:
    """What one event holds.

    Attributes:
        wall_time_at: where its double begins. -1 means that there is none.
        step: and where its varint begins and ends. -1 means that there is none.
        values: its scalars.
        others: tag and kind of what is no scalar, as `images`, `text`, `histograms`.
        hparams: the contents of the plugin of this name.
        is_session_start: values of this step and later ones that were logged before are void.
    """

    wall_time_at: int = -1
    step: int = 0
    step_at: int = -1
    step_end: int = -1
    values: list[ScalarValue] = field(default_factory=list)
    others: list[tuple[str, str]] = field(default_factory=list)
    hparams: list[bytes] = field(default_factory=list)
    is_session_start: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it holds scalars and nothing else."""
        return bool(self.values) and not (self.others or self.hparams or self.is_session_start)


class EventParser:
    """Parses events of one run. Remembers the kind that a tag's first event gave."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def parse(self, data: Readable) -> ParsedEvent:
        """Parse one event.

        Raises:
            WireError: the bytes are no event.
        """
        event = ParsedEvent()
        for number, kind, at, end in wire.fields(data, 0, len(data)):
            if number == _WALL_TIME and kind == wire.FIXED64:
                event.wall_time_at = at
            elif number == _STEP and kind == wire.VARINT:
                value, _ = wire.varint(data, at, end)
                event.step, event.step_at, event.step_end = wire.signed(value), at, end
            elif number == _SUMMARY and kind == wire.BYTES:
                self._take_summary(event, data, at, end)
            elif number == _SESSION_LOG and kind == wire.BYTES:
                event.is_session_start = _is_session_start(data, at, end)
        return event

    def _take_summary(self, event: ParsedEvent, data: Readable, start: int, stop: int) -> None:
        for number, kind, at, end in wire.fields(data, start, stop):
            if number == 1 and kind == wire.BYTES:
                if len(event.values) + len(event.others) >= _MOST_VALUES:
                    return
                self._take_value(event, data, at, end)

    def _take_value(self, event: ParsedEvent, data: Readable, start: int, stop: int) -> None:
        tag, simple_at, kind_of_old = "", -1, ""
        tensor: tuple[int, int] | None = None
        metadata: tuple[str, bytes] | None = None
        for number, kind, at, end in wire.fields(data, start, stop):
            if number == _TAG and kind == wire.BYTES:
                tag = data[at:end].decode("utf-8", "replace")
            elif number == _SIMPLE_VALUE and kind == wire.FIXED32:
                simple_at = at
            elif number == _TENSOR and kind == wire.BYTES:
                tensor = at, end
            elif number == _METADATA and kind == wire.BYTES:
                metadata = _metadata(data, at, end)
            elif number in _OF_OLD:
                kind_of_old = _OF_OLD[number]
        if metadata is not None and metadata[0] == HPARAMS:
            event.hparams.append(metadata[1])
        elif simple_at >= 0:
            event.values.append(ScalarValue(tag, simple_at, "<f4"))
        elif kind_of_old:
            event.others.append((tag, kind_of_old))
        elif tensor is not None:
            self._take_tensor(event, data, tag, metadata[0] if metadata else "", tensor)

    def _take_tensor(
        self, event: ParsedEvent, data: Readable, tag: str, plugin: str, where: tuple[int, int]
    ) -> None:
        if plugin and len(self._kinds) < _MOST_KINDS:
            self._kinds.setdefault(tag, plugin)
        plugin = plugin or self._kinds.get(tag, "tensors")
        place = _scalar_in_tensor(data, *where) if plugin == "scalars" else None
        if place is None:
            event.others.append((tag, plugin))
        else:
            event.values.append(ScalarValue(tag, *place))


def _is_session_start(data: Readable, start: int, stop: int) -> bool:
    return any(
        number == 1 and kind == wire.VARINT and wire.varint(data, at, end)[0] == _SESSION_START
        for number, kind, at, end in wire.fields(data, start, stop)
    )


def _metadata(data: Readable, start: int, stop: int) -> tuple[str, bytes]:
    """Return the name and the content of the plugin that a value is for."""
    plugin, content = "", b""
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == 1 and kind == wire.BYTES:
            for inner, inner_kind, inner_at, inner_end in wire.fields(data, at, end):
                if inner == 1 and inner_kind == wire.BYTES:
                    plugin = data[inner_at:inner_end].decode("utf-8", "replace")
                elif inner == 2 and inner_kind == wire.BYTES:
                    content = data[inner_at:inner_end]
        elif number == 4 and kind == wire.VARINT and not plugin:
            plugin = _DATA_CLASSES.get(wire.varint(data, at, end)[0], "")
    return plugin, content


def _scalar_in_tensor(data: Readable, start: int, stop: int) -> tuple[int, str] | None:
    """Find the number of a tensor without dimensions, and its type. None for any other tensor."""
    dtype = 0
    found: list[tuple[int, int, str]] = []
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == _DTYPE and kind == wire.VARINT:
            dtype = wire.varint(data, at, end)[0]
        elif number == _CONTENT and kind == wire.BYTES:
            found.append((at, end, _DTYPES.get(dtype, "")))
        elif number in _VALUES and kind in (wire.BYTES, wire.FIXED32, wire.FIXED64):
            found.append((at, end, _VALUES[number]))
    if len(found) != 1:
        return None
    at, end, name = found[0]
    return (at, name) if name and end - at == int(name[2:]) else None
