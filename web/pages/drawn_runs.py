"""The runs of a sweep that the charts show: those on the page of the table, or all. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ..tables.rows import Row

MOST_DRAWN = 1_000
_PARAMETER = "draw"
_ALL = "all"


@dataclass(frozen=True)
class DrawnRuns:
    """The rows whose curves are drawn, and the link to the others.

    `n_all`: how many are drawn at the address `all_href`.
    """

    rows: Sequence[Row]
    n_drawn: int
    n_page: int
    n_total: int
    n_all: int
    n_started: int
    n_found: int
    is_all: bool
    is_selection: bool
    all_href: str
    page_href: str
    most: int = MOST_DRAWN


def drawn_runs(
    n_started: int,
    n_runs: int,
    found: Sequence[Row],
    on_page: Sequence[Row],
    is_selection: bool,
    query: QueryParams,
) -> DrawnRuns:
    """Return the runs of a sweep that are drawn.

    Args:
        n_started: how many of the `n_runs` have started, whatever the table shows.
        found: the rows of the table on all its pages, in its order.
        on_page: the rows that are drawn unless the address asks for all: those selected, or
            those on the page of the table.
    """
    started = found if n_started == n_runs else _started(found)
    is_all = query.get(_PARAMETER) == _ALL and not is_selection
    shown = (started if is_all else _started(on_page))[:MOST_DRAWN]
    rest = [(name, value) for name, value in query.multi_items() if name != _PARAMETER]
    unselected = [(name, value) for name, value in rest if name != "run"]
    return DrawnRuns(
        rows=shown,
        n_drawn=len(shown),
        n_page=len(_started(on_page)),
        n_total=n_started if is_selection else len(started),
        n_all=min(MOST_DRAWN, len(started)),
        n_started=n_started,
        n_found=len(started),
        is_all=is_all,
        is_selection=is_selection,
        all_href="?" + urlencode([*unselected, (_PARAMETER, _ALL)]),
        page_href="?" + urlencode(rest),
    )


def _started(rows: Sequence[Row]) -> Sequence[Row]:
    return [row for row in rows if row.id]
