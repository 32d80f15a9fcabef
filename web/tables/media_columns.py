"""Columns with the last image or text of a name: `image.samples`, `text.answer`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ml_tracking_ops.logger.media.track import MediaKey
from ml_tracking_ops.orchestrator.store.media_histories import MediaHistories

from ..media.last import KINDS, LastMedia, media_names, read_last
from ..media.presence import media_place
from ..runs.formats import format_step
from .cells import NO_VALUE, Cell
from .column import Column
from .rows import Row

_READING_S = 1.0
_NAMES_S = 0.25
_MOST_FOLLOWED = 32


def split_media(key: str) -> MediaKey | None:
    """Split a column ``image.samples`` into ``("image", "samples")``, or return None if it is
    another."""
    kind, dot, name = key.partition(".")
    return (kind, name) if dot and kind in KINDS and name else None


def media_family(key: str) -> Column | None:
    """Return the column of a key, if it is one of these."""
    found = split_media(key)
    return None if found is None else media_column(found)


def media_column(key: MediaKey) -> Column:
    """Return the column with the last image or text of a name. It is not sortable, and exports have
    media of their own."""
    kind, name = key
    return Column(
        key=f"{kind}.{name}",
        heading=f"{kind.capitalize()} {name}",
        title=f"The last {kind} {name}",
        value=lambda row: row.media.get(key),
        cell=lambda row: _cell(row.media.get(key)),
        drawing="image" if kind == "image" else "text",
        first_order=None,
        is_exported=False,
        is_default=False,
    )


def _cell(found: LastMedia | None) -> Cell:
    if found is None:
        return Cell(NO_VALUE)
    at = f"step {format_step(found.step)}"
    title = f"{at}: {found.text}" if found.text else at
    return Cell(" ".join(found.text.split())[:200], title, step=found.step, href=found.href)


def with_media(
    rows: Sequence[Row],
    logs: Sequence[Path | None],
    columns: Iterable[Column],
    store: MediaHistories,
) -> list[Row]:
    """Return the rows with the content of such columns, unchanged without any.

    Args:
        logs: the log of each row.
    """
    keys = [key for column in columns if (key := split_media(column.key)) is not None]
    if not keys:
        return list(rows)
    named = {
        row.id: path
        for row, path in zip(rows, logs, strict=True)
        if row.id is not None and path is not None
    }
    found = read_last(store, named, keys, _READING_S)
    return [row if row.id is None else replace(row, media=found.get(row.id, {})) for row in rows]


def followed_media(
    rows: Iterable[Row], logs: Iterable[Path | None], columns: Iterable[Column]
) -> dict[str, int]:
    """Return what a page with such columns follows: the indexes of running runs."""
    if not any(split_media(column.key) for column in columns):
        return {}
    running = [
        (row.id, path)
        for row, path in zip(rows, logs, strict=True)
        if row.state == "running" and row.id is not None
    ]
    return {key: at for one in running[:_MOST_FOLLOWED] for key, at in media_place(*one).items()}


def offered_media(
    asked: Iterable[str], logs: Iterable[Path | None], store: MediaHistories
) -> list[Column]:
    """Return the names that some runs have, and those that are requested."""
    chosen = [key for one in asked if (key := split_media(one)) is not None]
    known = media_names(store, (path for path in logs if path is not None), _NAMES_S)
    return [media_column(key) for key in dict.fromkeys([*known, *chosen])]
