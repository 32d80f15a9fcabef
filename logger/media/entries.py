"""One line of an index as readers see it. Any program may have written it: all fields are
checked."""

import json
import math
import re
from itertools import pairwise
from typing import Any, NamedTuple

from .edges import equal_edges
from .kinds import MOST_BINS, SUFFIXES, TEXT

_FILE = re.compile(r"[^/\\\0]{1,240}\.files/logged_media/[0-9a-f]{32}(?P<suffix>\.[a-z0-9]{3,4})")
_MOST_NAME = 65_535
_MOST_STEP = 1 << 63
_MOST_SIDE = 1 << 31


class MediaEntry(NamedTuple):
    """One image, text, histogram, table or sound.

    Attributes:
        source: the file with this entry, absolute: an index, or an event file of TensorBoard.
        at: where in the source its line or record begins. `length` is its length in bytes.
        file: the file with the content, relative to the folder of the source, or None if it is in
            the source itself.
        size_bytes: of the file.
        width, height: of an image in pixels, or 0 if not known.
        keep: only the last so many steps of this name are kept, or 0 for all.
        svg: the same image as SVG, as `file`.
        form: of the content at this place of an event file, or empty for a line in an index.
    """

    kind: str
    name: str
    step: int
    wall_time: float
    source: str
    at: int
    length: int
    file: str | None = None
    size_bytes: int = 0
    width: int = 0
    height: int = 0
    caption: str = ""
    keep: int = 0
    svg: str | None = None
    form: str = ""


class SessionMark(NamedTuple):
    """From here on another process continued the run."""


class BudgetMark(NamedTuple):
    """The budget was used up: of what followed, only what still fitted was kept."""

    budget_bytes: int


IndexLine = MediaEntry | SessionMark | BudgetMark


class HistogramEntry(NamedTuple):
    """How values are distributed.

    Attributes:
        counts: of values between an edge and the next.
        edges: ascending, one more than counts.
        number: of all values, `n_not_finite` NaN and infinities included.
        minimum, maximum, mean: of the finite ones, or None if there is none.
    """

    counts: tuple[float, ...]
    edges: tuple[float, ...]
    number: int
    n_not_finite: int
    minimum: float | None
    maximum: float | None
    mean: float | None


def parse_fields(line: bytes) -> "dict[str, Any] | None":
    """Parse a line as an object. Return None if it is not one."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def histogram_of(fields: "dict[str, Any]") -> HistogramEntry | None:
    """Parse a line as a histogram. Return None if its numbers are not plausible."""
    counts, edges = _numbers(fields.get("counts", [])), _numbers(fields.get("edges", []))
    if counts is None or edges is None or len(counts) > MOST_BINS:
        return None
    if len(edges) == 2 and len(counts) > 1:
        edges = equal_edges(edges[0], edges[1], len(counts))
    is_ascending = all(a <= b for a, b in pairwise(edges))
    if counts and (len(edges) != len(counts) + 1 or not is_ascending or min(counts) < 0):
        return None
    numbers = [fields.get(key) for key in ("minimum", "maximum", "mean")]
    low_, high_, mean = (_finite(number) for number in numbers)
    number, n_not_finite = whole(fields.get("number")), whole(fields.get("n_not_finite"))
    return HistogramEntry(tuple(counts), tuple(edges), number, n_not_finite, low_, high_, mean)


def clean(text: object, most: int = 100_000) -> str:
    """Return a text that can be sent: without lone surrogates and NUL, and not too long."""
    if not isinstance(text, str):
        return ""
    if text.isascii() and text.isprintable() and len(text) <= most:
        return text
    return text[:most].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def entry_of(fields: "dict[str, Any]", source: str, at: int, length: int) -> MediaEntry | None:
    """Check the fields of a line. Return None if they are not an entry."""
    kind, step, wall_time = fields["kind"], fields.get("step"), _finite(fields.get("time"))
    name = clean(fields.get("name"), _MOST_NAME)
    if type(step) is not int or not name or wall_time is None:
        return None
    if not -_MOST_STEP <= step < _MOST_STEP:
        return None
    file = _checked_file(fields.get("file"), SUFFIXES[kind])
    is_inline = kind == "histogram" or (kind == TEXT and isinstance(fields.get("text"), str))
    if file is None and not is_inline:
        return None
    return MediaEntry(
        kind,
        name,
        step,
        wall_time,
        source,
        at,
        length,
        file,
        whole(fields.get("bytes")),
        min(whole(fields.get("width")), _MOST_SIDE),
        min(whole(fields.get("height")), _MOST_SIDE),
        clean(fields["caption"], 2_000) if "caption" in fields else "",
        min(whole(fields.get("keep")), 1 << 30),
        _checked_file(fields.get("svg"), frozenset((".svg",))),
    )


def _checked_file(file: object, suffixes: frozenset[str]) -> str | None:
    found = _FILE.fullmatch(file) if isinstance(file, str) else None
    return found[0] if found is not None and found["suffix"] in suffixes else None


def whole(number: object) -> int:
    """Return a number that is whole and not negative, or else 0."""
    if type(number) is not int:
        return 0
    return number if 0 <= number < _MOST_STEP else 0


def _finite(number: object) -> float | None:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return None
    try:
        found = float(number)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def _numbers(values: object) -> list[float] | None:
    """Return finite numbers, or None if one of them is not finite."""
    if not isinstance(values, list) or len(values) > MOST_BINS + 1:
        return None
    found = [_finite(value) for value in values]
    return None if None in found else [number for number in found if number is not None]
