"""The query of a table of runs in the address: search, filters, order and columns. Pure.

    where=EXPRESSION     a condition, as in ``lr > 0.01 and state == "finished"`` (`conditions`);
                         it may name the derived metrics of the page (`derive`)
    q=/PATTERN/          a regular expression occurs in the name, the number or a tag of a run
    q=TEXT               every word of it occurs in the name, tags, note, reason or values of a run
    state=STATE          one of these states; repeatable
    p.NAME=LOW..HIGH     a hyperparameter is in this range; either end may be missing
    p.NAME=VALUE         … or has this value, as the table writes it; repeatable: any of them
    p.NAME=not set       … or the run does not have it
    m.METRIC=LOW..HIGH   the best value of a metric is in this range; for a combination the mean
    sort=KEY order=asc   by which column, and in which direction
    repeats=apart        each run of a sweep with repeats in a row of its own
    open=NUMBER          a combination or group whose runs are listed below it; repeatable
    shown=archived       the runs of the sweep that are archived, instead of the others
    ticked=1             for an exported file: only the runs that `run` names
    by=GROUPING          rows in groups: ``p.NAME``, ``but.NAME,NAME``, ``tag``, ``name.REGEX``;
                         a form may send ``by=name.`` and the expression as ``by.part``
    columns=KEY          shown besides the name and the state; repeatable; ``image.NAME`` and
                         ``text.NAME`` hold the last image or text of a name
    page=N               which page; run=ID, repeatable: which runs are selected
    rows=FIRST-LAST      which rows a scrolled table holds, counted from 1; not kept in links

Every other parameter (how the charts are drawn) is kept in every link. A form that has two fields
for a range sends `low.p.NAME` and `high.p.NAME`: the same as `p.NAME=LOW..HIGH`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.errors import did_you_mean
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

HYPERPARAMETER, METRIC = "p.", "m."
NOT_SET = "not set"
STATISTICS = ("best", "last", "min", "max")
_LOW, _HIGH = "low.", "high."
WINDOW = "rows"
SHOWN, ARCHIVED = "shown", "archived"
TICKED = "ticked"
BY, BY_PART = "by", "by.part"
_NAME_PART = "name."
_MOST_ROWS = 300
_OF_TABLE = frozenset(("q", "where", "state", "sort", "order", "repeats", "open", "by", "shown"))
_MOST_PROBLEMS = 5

Order = Literal["asc", "desc"]
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Term:
    """One alternative of a filter: a range (`low` or `high` is known), or a value."""

    text: str
    low: float | None = None
    high: float | None = None

    @property
    def is_range(self) -> bool:
        return self.low is not None or self.high is not None


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that a run passes if any of the terms holds. `key` is ``p.NAME`` or ``m.METRIC``."""

    key: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class TableQuery:
    """The query of a table. `sort` and `columns` are empty if the table's default applies."""

    search: str = ""
    where: str = ""
    states: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    sort: str = ""
    order: Order | None = None
    page: int = 1
    columns: tuple[str, ...] = ()
    selected: tuple[str, ...] | None = None
    window: tuple[int, int] | None = None
    is_apart: bool = False
    is_archive: bool = False
    is_ticked: bool = False
    by: str = ""
    opened: tuple[int, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        return bool(self.search or self.where or self.states or self.filters)

    @property
    def of_table(self) -> str:
        """The part of the address that selects the rows and their order: ``?q=adam``."""
        own = _OF_TABLE | ({"derive"} if self.where else set())
        kept = [pair for pair in self.pairs if pair[0] in own or _is_filter(pair[0])]
        return link(kept) if kept else ""

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics whose statistics decide which runs are shown, and in which order."""
        filtered = [one.key.removeprefix(METRIC) for one in self.filters if is_metric(one.key)]
        return frozenset([*filtered, *([self.sort_statistic[1]] if self.sort_statistic else [])])

    @property
    def derived(self) -> tuple[str, ...]:
        """The derived metrics of the page (`series.derived`)."""
        return tuple(dict.fromkeys(value for name, value in self.pairs if name == "derive"))

    @property
    def sort_statistic(self) -> tuple[str, str] | None:
        """``("last", "Loss")`` if the table is sorted by ``last.Loss``."""
        return split_statistic(self.sort)

    @property
    def of_runs(self) -> "TableQuery":
        """The conditions on the runs of combinations: all but those on metrics."""
        filters = tuple(one for one in self.filters if not is_metric(one.key))
        return replace(self, filters=filters)

    @property
    def of_means(self) -> "TableQuery":
        """The conditions on combinations: a metric is their mean."""
        filters = tuple(one for one in self.filters if is_metric(one.key))
        return TableQuery(filters=filters)

    def toggled(self, number: int) -> str:
        """Return the address that opens a closed combination, or closes an open one."""
        own = ("open", str(number))
        pairs = [pair for pair in self.pairs if pair != own]
        return link(pairs if number in self.opened else [*pairs, own])

    def without_filter(self, key: str, value: str) -> Pairs:
        """Return the parameters of a link that removes one condition."""
        return [
            (one, text)
            for one, text in self.pairs
            if one != "page" and (one != key or text.strip() != value)
        ]


def is_metric(key: str) -> bool:
    return key.startswith(METRIC)


def split_statistic(key: str) -> tuple[str, str] | None:
    """Split a column ``last.Loss`` into ``("last", "Loss")``, or return None if it is another."""
    statistic, dot, metric = key.partition(".")
    return (statistic, metric) if dot and statistic in STATISTICS and metric else None


def link(pairs: Iterable[tuple[str, str]], **changes: object) -> str:
    """Return an address on the same page with some parameters replaced. None removes one."""
    kept = [(key, value) for key, value in pairs if key not in changes]
    new = [(key, str(value)) for key, value in changes.items() if value is not None]
    return "?" + urlencode(kept + new)


def parse_table_query(params: QueryParams) -> TableQuery:
    """Parse the address. Parts that cannot be parsed are reported in `problems`, and left out."""
    pairs = _joined_name(_joined_ranges(params.multi_items()))
    problems: list[str] = []
    return TableQuery(
        search=params.get("q", "").strip(),
        where=params.get("where", "").strip(),
        states=_states(params.getlist("state"), problems),
        filters=_filters(pairs, problems),
        sort=params.get("sort", ""),
        order=_order(params.get("order"), problems),
        page=_page(params.get("page"), problems),
        columns=tuple(dict.fromkeys(filter(None, params.getlist("columns")))),
        selected=tuple(dict.fromkeys(params.getlist("run"))) if "run" in params else None,
        window=_window(params.get(WINDOW), problems),
        is_ticked=params.get(TICKED) == "1",
        is_archive=params.get(SHOWN) == ARCHIVED,
        is_apart=params.get("repeats") == "apart",
        by=next((value for key, value in pairs if key == BY), ""),
        opened=tuple(int(one) for one in params.getlist("open") if _is_count(one)),
        pairs=tuple(pair for pair in pairs if pair[0] != WINDOW),
        problems=tuple(problems),
    )


def _joined_name(pairs: Pairs) -> Pairs:
    """Return a group by a part of the name as one parameter. A form has a field for the
    expression."""
    part = next((value for key, value in pairs if key == BY_PART), "").strip()
    kept = [(key, value) for key, value in pairs if key != BY_PART and (key != BY or value)]
    return [(k, v + part) if (k, v) == (BY, _NAME_PART) else (k, v) for k, v in kept]


def _joined_ranges(items: Sequence[tuple[str, str]]) -> Pairs:
    """Return the parameters with both ends of a range in one, and without empty fields of a
    form."""
    ends: dict[str, list[str]] = {}
    for key, value in items:
        for side, prefix in enumerate((_LOW, _HIGH)):
            if _is_filter(key.removeprefix(prefix)) and key.startswith(prefix):
                ends.setdefault(key.removeprefix(prefix), ["", ""])[side] = value.strip()
    is_end = {prefix + key for key in ends for prefix in (_LOW, _HIGH)}
    ranges = [(key, f"{low}..{high}") for key, (low, high) in ends.items() if low or high]
    rest = [(key, value) for key, value in items if key not in is_end]
    is_optional = {"q", "where", "state", "columns"}
    return [(k, v) for k, v in rest if v or not (k in is_optional or _is_filter(k))] + ranges


def _is_filter(key: str) -> bool:
    return key.startswith((HYPERPARAMETER, METRIC)) and len(key) > len(METRIC)


def _filters(pairs: Pairs, problems: list[str]) -> tuple[Filter, ...]:
    terms: dict[str, dict[Term, None]] = {}
    for key, text in pairs:
        if _is_filter(key):
            term = _term(key, text.strip(), problems)
            if term is not None:
                terms.setdefault(key, {})[term] = None
    return tuple(Filter(key, tuple(found)) for key, found in terms.items())


def _term(key: str, text: str, problems: list[str]) -> Term | None:
    low_text, dots, high_text = text.partition("..")
    low, high = to_number(low_text), to_number(high_text)
    is_range = dots and all(
        number is not None or not end for number, end in ((low, low_text), (high, high_text))
    )
    if is_range and low is not None and high is not None and low > high:
        problems.append(f"{key}={text}: the lower end is above the upper one")
        return None
    if is_range and (low is not None or high is not None):
        return Term(text, low, high)
    if is_metric(key) and to_number(text) is None:
        problems.append(f"{key}={text}: {RANGE_HINT}")
        return None
    return Term(text)


RANGE_HINT = "A range is written as 0.001..0.1, 0.001.. or ..0.1"


def to_number(text: str) -> float | None:
    """Return a number as people and this table write it, or None for other texts and NaN."""
    plain = text.strip().replace("\u2212", "-").replace("\u2009", "").replace("∞", "inf")
    try:
        number = float(plain)
    except ValueError:
        return None
    return None if math.isnan(number) or "_" in plain else number


def _states(given: Sequence[str], problems: list[str]) -> tuple[str, ...]:
    known = [state for state in dict.fromkeys(given) if state in RUN_STATES]
    for state in dict.fromkeys(filter(None, given)):
        if state not in RUN_STATES:
            hint = did_you_mean(state, RUN_STATES)
            problems.append(f"state={state}: no such state{hint} (known: {', '.join(RUN_STATES)})")
    return tuple(known)


def _order(text: str | None, problems: list[str]) -> Order | None:
    if text == "asc" or text == "desc":
        return "asc" if text == "asc" else "desc"
    if text:
        problems.append(f"order={text}: must be asc or desc")
    return None


def _page(text: str | None, problems: list[str]) -> int:
    if text is None or text == "":
        return 1
    if _is_count(text) and int(text) > 0:
        return int(text)
    problems.append(f"page={text}: must be a whole number from 1 on")
    return 1


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def without_window(params: QueryParams) -> QueryParams:
    """Return the parameters that links keep."""
    return QueryParams([pair for pair in params.multi_items() if pair[0] != WINDOW])


def _window(text: str | None, problems: list[str]) -> tuple[int, int] | None:
    if text is None:
        return None
    first, dash, last = text.partition("-")
    if dash and all(end.isascii() and end.isdecimal() and len(end) < 10 for end in (first, last)):
        low, high = max(1, int(first)), int(last)
        if low <= high:
            return low, min(high, low + _MOST_ROWS - 1)
    problems.append(f"rows={text}: must be two whole numbers, as in 26-50")
    return None


def shortened(problems: Iterable[str]) -> list[str]:
    """Return the first few, each once, and how many more there are."""
    found = list(dict.fromkeys(problems))
    more = len(found) - _MOST_PROBLEMS
    return found[:_MOST_PROBLEMS] + ([f"and {more} more"] if more > 0 else [])
