"""The content of entries: texts, histograms and tables. None of it is trusted: all is checked."""

import json
import math
import struct
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..tensorboard.event_media import (
    BUCKETS,
    TEXTS,
    decode_buckets,
    decode_rows,
    decode_texts,
)
from ..tensorboard.wire import WireError
from .entries import HistogramEntry, MediaEntry, clean, histogram_of
from .kinds import MOST_BINS, MOST_TABLE_BYTES, MOST_TABLE_COLUMNS, MOST_TABLE_ROWS, MOST_TEXT_BYTES
from .opening import MediaGoneError, entry_path, fields_of, open_media, read_file_of


@dataclass(frozen=True)
class MediaTable:
    """A logged table.

    Attributes:
        n_rows: how many rows there were. `rows` holds those that were kept.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    n_rows: int

    def to_pandas(self) -> Any:
        """Convert to a pandas data frame.

        Raises:
            ImportError: pandas is not installed.
        """
        return import_module("pandas").DataFrame(list(self.rows), columns=list(self.columns))


def text_of(entry: MediaEntry) -> str:
    """Return the text of an entry, at most 2 MiB of a text in a file.

    Raises:
        OSError: it cannot be read.
    """
    if entry.file is None and not entry.form:
        return clean(fields_of(entry).get("text"))
    if entry.form == TEXTS:
        return clean(_markdown_of_texts(entry), 2 * MOST_TEXT_BYTES)
    with open_media(entry) as part:
        data = part.read(0, 2 * MOST_TEXT_BYTES)
    return clean(data.decode("utf-8", "replace"), 2 * MOST_TEXT_BYTES)


def _markdown_of_texts(entry: MediaEntry) -> str:
    """Return a table of texts as Markdown. Its head is empty, since the first row is none."""
    try:
        rows = decode_texts(read_file_of(entry))
    except WireError as error:
        raise MediaGoneError(f"{entry.source}: the text is damaged") from error
    widest = max(map(len, rows), default=0)
    head = ["| " * widest + "|", "| --- " * widest + "|"]
    lines = [f"| {' | '.join(map(_cell_of_markdown, row))} |" for row in rows]
    return "\n".join([*head, *lines])


def _cell_of_markdown(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def histogram_of_entry(entry: MediaEntry) -> HistogramEntry:
    """Return the histogram of an entry.

    Raises:
        OSError: it cannot be read, or its numbers fit nowhere.
    """
    found = _of_event(entry) if entry.form else histogram_of(fields_of(entry))
    if found is None:
        raise MediaGoneError(f"{entry.source}: the histogram is damaged")
    return found


def _of_event(entry: MediaEntry) -> HistogramEntry | None:
    """Return a histogram in TensorBoard's form, with bins merged if there are very many."""
    decode = decode_buckets if entry.form == BUCKETS else decode_rows
    try:
        raw = decode(read_file_of(entry))
    except (WireError, struct.error):
        return None
    n_together = -(-len(raw.counts) // MOST_BINS) or 1
    counts = [sum(raw.counts[n : n + n_together]) for n in range(0, len(raw.counts), n_together)]
    edges = [*raw.edges[:-1:n_together], raw.edges[-1]] if raw.edges else []
    is_whole = math.isfinite(raw.number) and 0 <= raw.number < 1e18
    fields: dict[str, Any] = {
        "counts": counts,
        "edges": edges if len(edges) != 2 or len(counts) == 1 else [],
        "number": int(raw.number) if is_whole else 0,
        "minimum": raw.minimum,
        "maximum": raw.maximum,
    }
    if raw.total is not None and raw.number > 0:
        fields["mean"] = raw.total / raw.number
    return histogram_of(fields)


def table_of_entry(entry: MediaEntry) -> MediaTable:
    """Return the table of an entry. Everything that a logged table cannot contain is refused.

    Raises:
        OSError: it cannot be read, or is no table.
    """
    try:
        found = json.loads(read_file_of(entry, MOST_TABLE_BYTES))
        columns = [clean(str(name)) for name in found["columns"][:MOST_TABLE_COLUMNS]]
        rows = [tuple(map(_cell, row)) for row in found["rows"][:MOST_TABLE_ROWS]]
        n_columns, n_there = len(found["columns"]), len(found["rows"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MediaGoneError(f"{entry_path(entry)} holds no table") from error
    if n_columns > MOST_TABLE_COLUMNS:
        raise MediaGoneError(
            f"{entry_path(entry)} holds no table: {n_columns} columns are too many"
        )
    if any(len(row) != len(columns) for row in rows):
        raise MediaGoneError(f"{entry_path(entry)} holds no table: its rows differ in length")
    n_rows = fields_of(entry).get("of_rows")
    known = n_rows if type(n_rows) is int and n_rows >= n_there else n_there
    return MediaTable(tuple(columns), tuple(rows), known)


def _cell(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return clean(value if isinstance(value, str) else json.dumps(value))
