"""Rows and columns of results: as data frames, if such a library is installed, and as HTML."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

_MOST_ROWS_SHOWN = 50
_MOST_DEPTH = 32


def flat(
    settings: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """Flatten nested settings: `{"optimizer": {"lr": 0.1}}` → `optimizer.lr`, 0.1."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and value and depth < _MOST_DEPTH:
            yield from flat(value, f"{prefix}{name}.", depth + 1)
        else:
            yield f"{prefix}{name}", value


def as_columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return rows as columns. A column of several types, or of nested values, becomes text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: _of_one_type([row.get(name) for row in rows]) for name in names}


def _of_one_type(values: list[Any]) -> list[Any]:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        is_float = float in kinds
        return [float(v) if is_float and v is not None else v for v in values]
    if len(kinds) <= 1 and kinds <= {str, bool}:
        return values
    return [None if value is None else str(value) for value in values]


def frame_of(library: str, columns: Mapping[str, list[Any]]) -> Any:
    try:
        module = import_module(library)
    except ImportError as error:
        raise ImportError(f"{library} is not installed: pip install {library}") from error
    return module.DataFrame(columns)


def html_table(rows: list[dict[str, Any]]) -> str:
    """Return rows as an HTML table with all texts escaped, cut if there are many rows."""
    from html import escape  # takes 5 ms, and only notebooks need it

    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{escape(str(name))}</th>" for name in names)
    lines = "".join(
        f"<tr>{''.join(f'<td>{_shown(row.get(name))}</td>' for name in names)}</tr>"
        for row in rows[:_MOST_ROWS_SHOWN]
    )
    n_more = len(rows) - _MOST_ROWS_SHOWN
    more = f"<p>… and {n_more} more</p>" if n_more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>{more}"


def _shown(value: object) -> str:
    if value is None:
        return ""
    from html import escape

    return escape(f"{value:.6g}" if isinstance(value, float) else str(value)[:200])
