"""The lines of an index.

Those that `MediaWriter` writes most, images and histograms, are parsed without JSON, in a third of
the time. Every other line is left to JSON. Where both can parse a line, they return the same entry.
"""

import json
import re
from sys import intern
from typing import Any

from .entries import (
    BudgetMark,
    IndexLine,
    MediaEntry,
    SessionMark,
    entry_of,
    parse_fields,
    whole,
)
from .kinds import HISTOGRAM, IMAGE, KINDS

_TEXT = rb"[ !#-\[\]-~]"  # printable ASCII without quotes and backslashes
_WHOLE = rb"(?:0|[1-9][0-9]{0,14})"
_HEAD = rb'"name":"(%b{1,1000})","step":(-?%b),"time":(%b\.[0-9]{1,17})' % (_TEXT, _WHOLE, _WHOLE)
_SIDE = rb"[1-9][0-9]{0,8}"
_KEEP = rb'(?:,"keep":([1-9][0-9]{0,8}))?\}'
_FILE = rb"[ !#-.0-\[\]-~]{1,240}\.files/logged_media/[0-9a-f]{32}\.(?:png|jpg|gif|webp)"
_IMAGE = re.compile(
    rb'\{"kind":"image",%b,"width":(%b),"height":(%b)(?:,"caption":"(%b{0,2000})")?,"file":"(%b)",'
    rb'"bytes":(%b)%b' % (_HEAD, _SIDE, _SIDE, _TEXT, _FILE, _WHOLE, _KEEP)
)
_HISTOGRAM = re.compile(
    rb'\{"kind":"histogram",%b(?:,"(?:%b)":[-+.eE0-9,\[\]]+)+%b'
    % (_HEAD, b"number|minimum|maximum|mean|counts|edges|n_not_finite", _KEEP)
)
_new = tuple.__new__


def parse_lines(lines: list[bytes], source: str, at: int) -> list[IndexLine]:
    """Parse the lines of a part of an index that begins at `at`. Other lines are left out."""
    found: list[IndexLine | None] = []
    others: list[tuple[int, int, bytes]] = []
    for line in lines:
        entry = _own_entry(line, source, at)
        if entry is None:
            others.append((len(found), at, line))
        found.append(entry)
        at += len(line) + 1
    fields_of_each = _fields_of_each([line for _, _, line in others])
    for (place, start, line), fields in zip(others, fields_of_each, strict=True):
        if fields is not None:
            found[place] = _line_of(fields, source, start, len(line))
    return [line for line in found if line is not None]


def _fields_of_each(lines: list[bytes]) -> "list[dict[str, Any] | None]":
    """Return the objects of lines, parsed as one list (in half the time) if all are whole."""
    try:
        found = json.loads(b"[" + b",".join(lines) + b"]")
    except (ValueError, RecursionError):
        found = []
    if len(found) != len(lines):
        return [parse_fields(line) for line in lines]
    return [fields if isinstance(fields, dict) else None for fields in found]


def _line_of(fields: "dict[str, Any]", source: str, at: int, length: int) -> IndexLine | None:
    kind = fields.get("kind")
    if kind == "session":
        return SessionMark()
    if kind == "budget":
        return BudgetMark(whole(fields.get("bytes")))
    return entry_of(fields, source, at, length) if kind in KINDS else None


def _own_entry(line: bytes, source: str, at: int) -> MediaEntry | None:
    """Parse a line. Return None if it has another form.

    The numbers of a histogram are not looked at before somebody asks for them.
    """
    found = _IMAGE.fullmatch(line)
    if found is not None:
        name, step, time, width, height, caption, file, size_bytes, keep = found.groups()
        return _new(
            MediaEntry,
            (
                IMAGE,
                intern(name.decode()),
                int(step),
                float(time),
                source,
                at,
                len(line),
                file.decode(),
                int(size_bytes),
                int(width),
                int(height),
                caption.decode() if caption else "",
                int(keep) if keep else 0,
                None,
                "",
            ),
        )
    found = _HISTOGRAM.fullmatch(line)
    if found is None:
        return None
    name, step, time, keep = found.groups()
    return MediaEntry(
        HISTOGRAM,
        intern(name.decode()),
        int(step),
        float(time),
        source,
        at,
        len(line),
        keep=int(keep) if keep else 0,
    )
