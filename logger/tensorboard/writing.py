"""Write event files, which TensorBoard and other tools read."""

import math
import os
import struct
import time
from collections.abc import Iterable, Iterator, Mapping

from . import wire
from .event import HPARAMS
from .framing import frame
from .hparams import encode_session, encode_session_end

_VERSION = "brain.Event:2"
_SCALARS = "scalars"
_DOUBLE = 2

TaggedPoint = tuple[float, int, float]
"""Wall time, step, value."""


def file_name(host: str) -> str:
    """Return a name for a new event file."""
    return f"events.out.tfevents.{int(time.time()):010d}.{host}.{os.getpid()}.0"


def encode_run(
    metrics: Iterable[tuple[str, Iterable[TaggedPoint]]],
    config: Mapping[str, object],
    is_success: bool | None,
    started_at: float,
) -> Iterator[bytes]:
    """Yield the records of a run: its hyperparameters, its metrics one after the other, and its
    end.

    Values are written as tensors of double precision, so none is rounded.

    Args:
        is_success: how it ended. None means not known.
        started_at: seconds since the epoch.
    """
    yield frame(wire.encode_double(1, started_at) + wire.encode_bytes(3, _VERSION.encode()))
    if config:
        plain = {name: _setting(value) for name, value in config.items()}
        yield _hparams("_hparams_/session_start_info", encode_session(plain), started_at)
    last = started_at
    for name, points in metrics:
        tag = wire.encode_bytes(1, name.encode("utf-8", "replace"))
        metadata = wire.encode_bytes(9, _metadata(_SCALARS, b""))
        for wall_time, step, value in points:
            tensor = wire.encode_int(1, _DOUBLE) + wire.encode_bytes(2, b"")
            tensor += wire.encode_bytes(4, struct.pack("<d", value))
            content = tag + wire.encode_bytes(8, tensor) + metadata
            yield frame(_event(wall_time, step, content))
            last = max(last, wall_time) if math.isfinite(wall_time) else last
    if config and is_success is not None:
        yield _hparams("_hparams_/session_end_info", encode_session_end(is_success), last)


def _setting(value: object) -> object:
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _hparams(tag: str, content: bytes, at: float) -> bytes:
    value = wire.encode_bytes(1, tag.encode()) + wire.encode_bytes(9, _metadata(HPARAMS, content))
    return frame(_event(at, 0, value))


def _metadata(plugin: str, content: bytes) -> bytes:
    data = wire.encode_bytes(1, plugin.encode())
    if content:
        data += wire.encode_bytes(2, content)
    return wire.encode_bytes(1, data)


def _event(wall_time: float, step: int, value: bytes) -> bytes:
    summary = wire.encode_bytes(5, wire.encode_bytes(1, value))
    return wire.encode_double(1, wall_time) + wire.encode_int(2, step) + summary
