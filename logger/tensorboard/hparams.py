"""The data of TensorBoard's `hparams` plugin: a run's hyperparameters and how it ended.

The messages: tensorboard/plugins/hparams/{plugin_data,api}.proto, google/protobuf/struct.proto.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import wire

_MOST_DEPTH = 16
_STATUS = {1: "success", 2: "failure", 3: "running"}

Setting = None | bool | float | int | str | list["Setting"] | dict[str, "Setting"]


@dataclass(slots=True)
class HparamsSession:
    """The hyperparameters of a run and, once recorded, its end: `success` or `failure`."""

    config: dict[str, Setting] = field(default_factory=dict)
    status: str | None = None

    def take(self, content: bytes) -> None:
        """Take in the content of one event of the plugin. Damaged parts are left out."""
        try:
            for number, kind, at, end in wire.fields(content, 0, len(content)):
                if kind == wire.BYTES and number == 3:
                    self.config.update(_hparams(content, at, end))
                elif kind == wire.BYTES and number == 4:
                    self.status = _status(content, at, end)
        except wire.WireError:
            return


def _hparams(data: bytes, start: int, stop: int) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == 1 and kind == wire.BYTES:
            name, value = _entry(data, at, end, 0)
            found[name] = value
    return found


def _entry(data: bytes, start: int, stop: int, depth: int) -> tuple[str, Setting]:
    name, value = "", None
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == 1 and kind == wire.BYTES:
            name = data[at:end].decode("utf-8", "replace")
        elif number == 2 and kind == wire.BYTES:
            value = _value(data, at, end, depth)
    return name, value


def _value(data: bytes, start: int, stop: int, depth: int) -> Setting:
    value: Setting = None
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == 2 and kind == wire.FIXED64:
            value = _number(struct.unpack_from("<d", data, at)[0])
        elif number == 3 and kind == wire.BYTES:
            value = data[at:end].decode("utf-8", "replace")
        elif number == 4 and kind == wire.VARINT:
            value = wire.varint(data, at, end)[0] != 0
        elif number in (5, 6) and kind == wire.BYTES and depth < _MOST_DEPTH:
            inner = list(wire.fields(data, at, end))
            if number == 5:
                value = dict(_entry(data, one[2], one[3], depth + 1) for one in inner)
            else:
                value = [_value(data, one[2], one[3], depth + 1) for one in inner]
    return value


def _number(value: float) -> float | int:
    """Return a double as a whole number if it is one."""
    return int(value) if value.is_integer() and abs(value) < 1 << 53 else value


def _status(data: bytes, start: int, stop: int) -> str | None:
    for number, kind, at, end in wire.fields(data, start, stop):
        if number == 1 and kind == wire.VARINT:
            return _STATUS.get(wire.varint(data, at, end)[0])
    return None


def encode_session(config: Mapping[str, object]) -> bytes:
    """Encode the hyperparameters with which a run was started."""
    entries = b"".join(
        wire.encode_bytes(1, wire.encode_bytes(1, name.encode()) + wire.encode_bytes(2, _encode(v)))
        for name, v in config.items()
    )
    return wire.encode_bytes(3, entries)


def encode_session_end(is_success: bool) -> bytes:
    """Encode how a run ended."""
    return wire.encode_bytes(4, wire.encode_int(1, 1 if is_success else 2))


def _encode(value: object) -> bytes:
    if isinstance(value, bool):
        return wire.encode_int(4, int(value))
    if isinstance(value, (int, float)):
        return wire.encode_double(2, float(value))
    return wire.encode_bytes(3, str(value).encode("utf-8", "replace"))
