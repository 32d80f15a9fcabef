"""The wire format of protocol buffers: fields in, fields out.

Source: https://protobuf.dev/programming-guides/encoding/
"""

import struct
from collections.abc import Iterator
from typing import Protocol, overload

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_WIDTH = {FIXED64: 8, FIXED32: 4}

WireField = tuple[int, int, int, int]
"""Number, wire type, and where its content begins and ends. A varint's content is its value."""


class WireError(ValueError):
    """The bytes are no protocol buffer."""


class Readable(Protocol):
    """Bytes, or an object with the same interface."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, place: int, /) -> int: ...
    @overload
    def __getitem__(self, place: slice, /) -> bytes: ...


def fields(data: Readable, start: int, stop: int) -> Iterator[WireField]:
    """Yield the fields of a message, in the order of its bytes.

    Raises:
        WireError: it is cut short, or no message.
    """
    at = start
    while at < stop:
        key, at = varint(data, at, stop)
        kind = key & 7
        if kind == BYTES:
            length, at = varint(data, at, stop)
            end = at + length
        elif kind == VARINT:
            value_at = at
            _, end = varint(data, at, stop)
            at = value_at
        elif kind in _WIDTH:
            end = at + _WIDTH[kind]
        else:
            raise WireError(f"wire type {kind}")
        if end > stop:
            raise WireError("a field is longer than its message")
        yield key >> 3, kind, at, end
        at = end


def varint(data: Readable, at: int, stop: int) -> tuple[int, int]:
    """Decode a number, and return where it ends.

    Raises:
        WireError: it is cut short or too long.
    """
    value = shift = 0
    while at < stop and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise WireError("a number is cut short")


def signed(value: int) -> int:
    """Convert the unsigned number of a varint to an int64."""
    return value - (1 << 64) if value >> 63 else value


def encode_varint(value: int) -> bytes:
    """Encode a number, negative ones as int64."""
    value &= 0xFFFFFFFFFFFFFFFF
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def encode_bytes(number: int, content: bytes) -> bytes:
    """Encode a field that holds bytes, a text or a message."""
    return encode_varint(number << 3 | BYTES) + encode_varint(len(content)) + content


def encode_int(number: int, value: int) -> bytes:
    return encode_varint(number << 3 | VARINT) + encode_varint(value)


def encode_double(number: int, value: float) -> bytes:
    return encode_varint(number << 3 | FIXED64) + struct.pack("<d", value)
