"""The original tool's `.dat` files, read only.

Such a file is a JSON object, ``{"Loss": "<base64>", …}``: each text is the base64 of a pickled
list of byte strings, each of which is JSON again, ``{"value": 0.5, "step": 3, "time": 0.05}``, with
`time` in seconds since the start of the run.

A pickle is a program, so this module has no unpickler: it understands the few opcodes that build a
list of byte strings and refuses all others, those that import and call among them.
"""

import base64
import json
import os
from io import FileIO

import numpy as np

from ..records import LogFormatError
from .columns import Series

MAX_BYTES = 128 << 20  # over a million values. The tool itself slowed down long before that

# Opcodes of pickle protocols 3 to 5, by their bytes (see pickletools in the standard library).
_SKIPPED = {0x80: 1, 0x95: 8, 0x71: 1, 0x72: 4, 0x94: 0}  # PROTO FRAME BINPUT LONG_BINPUT MEMOIZE
_TEXTS = {0x43: 1, 0x42: 4, 0x8E: 8, 0x8C: 1, 0x58: 4, 0x8D: 8}  # size of the length that follows
_EMPTY_LIST, _MARK, _APPEND, _APPENDS, _STOP = b"](ae."


def read_legacy(
    file: FileIO, path: str, *, max_bytes: int = MAX_BYTES
) -> tuple[dict[str, Series], int]:
    """Decode a whole file of the original tool.

    Returns:
        The series by metric name, with wall times in seconds since the start of the run, and how
        many values or whole metrics had to be skipped because they were damaged.

    Raises:
        LogFormatError: the file is not the JSON that the original tool writes.
    """
    size_bytes = os.fstat(file.fileno()).st_size
    if size_bytes > max_bytes:
        raise LogFormatError(
            f"{path} looks like a log of the original tool, but {size_bytes} bytes are more than "
            f"such a log can have ({max_bytes})"
        )
    file.seek(0)
    try:
        metrics = json.loads(file.read(size_bytes))
    except (ValueError, RecursionError) as error:
        raise LogFormatError(
            f"{path} looks like a log of the original tool, but its JSON is damaged: {error}"
        ) from None
    if not isinstance(metrics, dict):
        raise LogFormatError(f"{path} is not a log: its JSON is not an object of metrics")
    found: dict[str, Series] = {}
    n_skipped = 0
    for name, encoded in metrics.items():
        try:
            texts = byte_strings(base64.b64decode(encoded, validate=True))
        except (ValueError, TypeError):
            n_skipped += 1
            continue
        # JSON may hold half a surrogate pair, which no page and no file can show.
        printable_name = name.encode(errors="backslashreplace").decode()
        found[printable_name], n_damaged = _series(texts)
        n_skipped += n_damaged
    return found, n_skipped


def byte_strings(pickled: bytes) -> list[bytes]:
    """Return the byte strings of a pickled list, in order, or nothing in the pickle is ever run.

    Raises:
        ValueError: the pickle is cut short, or holds anything else.
    """
    found: list[bytes] = []
    position = 0
    while position < len(pickled):
        opcode = pickled[position]
        position += 1
        if opcode in _TEXTS:
            start = position + _TEXTS[opcode]
            position = start + int.from_bytes(pickled[position:start], "little")
            if position > len(pickled):
                break
            found.append(pickled[start:position])
        elif opcode in _SKIPPED:
            position += _SKIPPED[opcode]
        elif opcode == _STOP:
            return found
        elif opcode not in (_EMPTY_LIST, _MARK, _APPEND, _APPENDS):
            raise ValueError(f"the pickle holds more than byte strings: opcode {opcode:#x}")
    raise ValueError("the pickle is cut short")


def _series(texts: list[bytes]) -> tuple[Series, int]:
    steps: list[int] = []
    times: list[float] = []
    values: list[float] = []
    for text in texts:
        try:
            step, time_s, value = _point(text)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            continue
        steps.append(step)
        times.append(time_s)
        values.append(value)
    series = Series(np.array(steps, np.int64), np.array(times, float), np.array(values, float))
    return series, len(texts) - len(steps)


def _point(text: bytes) -> tuple[int, float, float]:
    point = json.loads(text)
    step = point["step"]
    if not isinstance(step, int) or not -(1 << 63) <= step < 1 << 63:
        raise ValueError(f"not a step: {step!r}")
    return step, float(point["time"]), float(point["value"])
