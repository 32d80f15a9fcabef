"""The content of entries: texts, histograms and tables, each checked as a stranger's."""

import json
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .entries import Histogram, MediaEntry, clean, histogram_of
from .opening import MediaGoneError, fields_of, path_of, read_file_of


@dataclass(frozen=True)
class MediaTable:
    """A logged table.

    Attributes:
        n_rows: how many rows there were; `rows` holds those that were kept.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    n_rows: int

    def to_pandas(self) -> Any:
        """As a pandas data frame.

        Raises:
            ImportError: pandas is not installed.
        """
        return import_module("pandas").DataFrame(list(self.rows), columns=list(self.columns))


def text_of(entry: MediaEntry) -> str:
    """The text of an entry.

    Raises:
        OSError: it cannot be read.
    """
    if entry.file is None:
        return clean(fields_of(entry).get("text"))
    return clean(read_file_of(entry).decode("utf-8", "replace"), 1 << 21)


def histogram_of_entry(entry: MediaEntry) -> Histogram:
    """The histogram of an entry.

    Raises:
        OSError: it cannot be read, or its numbers fit nowhere.
    """
    found = histogram_of(fields_of(entry))
    if found is None:
        raise MediaGoneError(f"{entry.source}: the histogram is damaged")
    return found


def table_of_entry(entry: MediaEntry) -> MediaTable:
    """The table of an entry; whatever does not fit a table is refused.

    Raises:
        OSError: it cannot be read, or is no table.
    """
    try:
        found = json.loads(read_file_of(entry))
        columns = [clean(str(name)) for name in found["columns"]]
        rows = [tuple(map(_cell, row)) for row in found["rows"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MediaGoneError(f"{path_of(entry)} holds no table") from error
    if any(len(row) != len(columns) for row in rows):
        raise MediaGoneError(f"{path_of(entry)} holds no table: its rows differ in length")
    n_rows = fields_of(entry).get("of_rows")
    known = n_rows if type(n_rows) is int and n_rows >= len(rows) else len(rows)
    return MediaTable(tuple(columns), tuple(rows), known)


def _cell(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return clean(value if isinstance(value, str) else json.dumps(value))
