"""The controls above a table: search, states, filters with chips to remove them, columns. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

from ..groups.naming import ALL_BUT, NAME, names_left_out
from ..runs.formats import format_number
from ..series.derived.definition import title_of
from .column import Column, ColumnFilter, TableColumns
from .hyperparameters import Hyperparameter, SettingsSeen
from .query import (
    BY,
    HYPERPARAMETER,
    METRIC,
    NOT_SET,
    STATISTICS,
    Filter,
    Pairs,
    TableQuery,
    Term,
    link,
    shortened,
)
from .rows import Row
from .selection import filter_text, is_written_as

_MOST_LOOKED_AT = 5_000


@dataclass(frozen=True)
class Chip:
    """An active condition, and the link that removes it."""

    label: str
    value: str
    href: str


@dataclass(frozen=True)
class StateChoice:
    state: str
    n_runs: int
    is_chosen: bool


@dataclass(frozen=True)
class SelectOption:
    text: str
    is_chosen: bool


@dataclass(frozen=True)
class FilterField:
    """A condition that can be set: a range from `low` to `high`, some of `choices`, or a text, and
    `absent` if some runs have no value."""

    key: str
    label: str
    low: str = ""
    high: str = ""
    low_hint: str = ""
    high_hint: str = ""
    choices: tuple[SelectOption, ...] | None = None
    text: str | None = None
    absent: SelectOption | None = None


@dataclass(frozen=True)
class ColumnChoice:
    key: str
    label: str
    is_shown: bool


@dataclass(frozen=True)
class GroupingChoice:
    """A way to group the rows. `value` is empty if they are not grouped."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Controls:
    """`filter_kept` and `column_kept`: the hidden fields of the two forms.

    `differing_href`: the table without the settings that are the same in all rows that pass the
    filters, or None if it shows none. `name_part`: the expression of groups by a part of the name.
    """

    search: str
    where: str
    chips: tuple[Chip, ...]
    clear_href: str
    states: tuple[StateChoice, ...]
    fields: tuple[FilterField, ...]
    columns: tuple[ColumnChoice, ...]
    statistics: tuple[tuple[str, tuple[ColumnChoice, ...]], ...]
    default_columns: tuple[str, ...]
    has_default_columns: bool
    default_columns_href: str
    differing_href: str | None
    filter_kept: Pairs
    column_kept: Pairs
    problems: list[str]
    groupings: Sequence[GroupingChoice] = ()
    name_part: str | None = None


def build_controls(
    query: TableQuery,
    columns: TableColumns,
    *,
    state_counts: Mapping[str, int],
    metrics: Sequence[str],
    offered: Sequence[Column],
    shown: Sequence[Column],
    default: Sequence[Column],
    problems: Sequence[str],
    found: Sequence[Row],
    groupings: Sequence[Mapping[str, str]] = (),
) -> Controls:
    """Return the controls of a table.

    Args:
        state_counts: how many of the rows that pass all other conditions are in each state that any
            row is in.
        metrics: those whose statistics can be shown and filtered by.
        offered: the columns that are no statistics and that can be shown or hidden.
        shown: the columns that are shown. `default`: the default ones.
        found: the rows that pass the filters.
        groupings: the ways to group rows, as `groups.naming.groupings` offers them.
    """
    governed = [key for key, _ in query.pairs if key.startswith((HYPERPARAMETER, METRIC))]
    keys, default_keys = (tuple(one.key for one in some) for some in (shown, default))
    return Controls(
        search=query.search,
        where=query.where,
        chips=tuple(_chips(query, columns)),
        clear_href=link(_without(query.pairs, ["q", "where", "state", "page", *governed])),
        states=tuple(
            StateChoice(state, state_counts.get(state, 0), state in query.states)
            for state in RUN_STATES
            if state in state_counts or state in query.states
        ),
        fields=tuple(_fields(query, columns, metrics)),
        columns=_choices(offered, keys),
        statistics=tuple((title_of(name), _statistics(columns, name, keys)) for name in metrics),
        default_columns=default_keys,
        has_default_columns=keys == default_keys,
        default_columns_href=link(query.pairs, columns=None),
        differing_href=_differing_href(query, columns, keys, found),
        filter_kept=_without(query.pairs, ["q", "where", "state", "page", BY, *governed]),
        column_kept=_without(query.pairs, ["columns"]),
        problems=shortened(problems),
        groupings=_groupings(query.by, groupings),
        name_part=query.by.removeprefix(NAME) if query.by.startswith(NAME) else None,
    )


def _groupings(by: str, offered: Sequence[Mapping[str, str]]) -> Sequence[GroupingChoice]:
    """Return the possible choices, and any other one in the address."""
    values = {one["value"]: _grouping_label(one) for one in offered}
    chosen = NAME if by.startswith(NAME) else by
    if chosen.startswith(ALL_BUT):
        values.setdefault(chosen, f"All but {', '.join(sorted(names_left_out(chosen)))}")
    if not values:
        return ()
    every = {"": "No groups", **values}
    every.setdefault(chosen, chosen.removeprefix(HYPERPARAMETER))
    return [GroupingChoice(value, label, value == chosen) for value, label in every.items()]


def _grouping_label(one: Mapping[str, str]) -> str:
    return f"All but {one['label']}" if one["value"].startswith(ALL_BUT) else one["label"]


def _differing_href(
    query: TableQuery, columns: TableColumns, shown: Sequence[str], found: Sequence[Row]
) -> str | None:
    described: Mapping[str, Hyperparameter] = columns.hyperparameters
    if query.is_filtered:
        seen = SettingsSeen()
        for row in found[:_MOST_LOOKED_AT]:
            seen.add({**row.config, **row.hyperparameters})
        described = seen.describe()
    same = {HYPERPARAMETER + name for name, one in described.items() if not one.differs}
    kept = [("columns", key) for key in shown if key not in same]
    if len(found) < 2 or not kept or len(kept) == len(shown):
        return None
    return link([*_without(query.pairs, ["columns"]), *kept])


def _without(pairs: Iterable[tuple[str, str]], keys: Iterable[str]) -> Pairs:
    gone = frozenset(keys)
    return [pair for pair in pairs if pair[0] not in gone]


def _statistics(
    columns: TableColumns, metric: str, shown: Sequence[str]
) -> tuple[ColumnChoice, ...]:
    return _choices([columns.statistic(statistic, metric) for statistic in STATISTICS], shown)


def _choices(columns: Iterable[Column], shown: Sequence[str]) -> tuple[ColumnChoice, ...]:
    return tuple(ColumnChoice(one.key, one.heading, one.key in shown) for one in columns)


def _chips(query: TableQuery, columns: TableColumns) -> Iterable[Chip]:
    if query.where:
        yield Chip("where", query.where, link(_without(query.pairs, ["where", "page"])))
    for one in query.filters:
        label = columns.of_filter(one.key).heading
        for term in one.terms:
            yield Chip(label, term_text(term), link(query.without_filter(one.key, term.text)))


def term_text(term: Term) -> str:
    """Return a condition in words: ``0.001 – 0.1``, ``≥ 0.001``, ``≤ 0.1``, ``adam``."""
    if not term.is_range:
        return term.text
    low, high = term.low, term.high
    if low is None:
        return f"≤ {format_number(high)}"
    if high is None:
        return f"≥ {format_number(low)}"
    return f"{format_number(low)} – {format_number(high)}"


def _fields(
    query: TableQuery, columns: TableColumns, metrics: Sequence[str]
) -> Iterable[FilterField]:
    active = {one.key: one for one in query.filters}
    for column in columns.filterable(metrics):
        if column.filter is not None and _is_offered(column.filter, columns, active):
            yield _field(column.heading, column.filter, active.get(column.filter.key))


def _is_offered(of: ColumnFilter, columns: TableColumns, active: Mapping[str, Filter]) -> bool:
    """Return whether a setting is offered. Of settings logged by scripts, perhaps hundreds, those
    that differ."""
    is_logged = of.key.removeprefix(HYPERPARAMETER) in columns.logged
    return not is_logged or of.described is None or of.described.differs or of.key in active


def _field(label: str, of: ColumnFilter, active: Filter | None) -> FilterField:
    found = of.described
    if found is None:
        return _range_field(of.key, label, active)
    terms = active.terms if active is not None else ()
    is_asked = any(term.text == NOT_SET for term in terms)
    absent = SelectOption(NOT_SET, is_asked) if found.is_conditional or is_asked else None
    return replace(_field_of_values(of.key, label, found, active), absent=absent)


def _field_of_values(
    key: str, label: str, found: Hyperparameter, active: Filter | None
) -> FilterField:
    terms = active.terms if active is not None else ()
    if found.values is not None and not (found.is_number and any(term.is_range for term in terms)):
        texts = [filter_text(value) for value in found.values]
        choices = tuple(
            SelectOption(text, any(is_written_as(value, term.text) for term in terms))
            for text, value in zip(texts, found.values, strict=True)
        )
        return FilterField(key, label, choices=choices)
    if not found.is_number:
        texts = [term.text for term in terms if term.text != NOT_SET]
        return FilterField(key, label, text=texts[0] if texts else "")
    return _range_field(key, label, active, found)


def _range_field(
    key: str, label: str, active: Filter | None, found: Hyperparameter | None = None
) -> FilterField:
    """Return the current range. With several, or with values, the fields stay empty."""
    terms = [term for term in active.terms if term.text != NOT_SET] if active is not None else []
    only = terms[0] if len(terms) == 1 else Term("")
    hint = found if found is not None else Hyperparameter(True, None, None, None)
    return FilterField(
        key,
        label,
        low=_plain(only.low),
        high=_plain(only.high),
        low_hint=_hint(hint.low),
        high_hint=_hint(hint.high),
    )


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:.12g}"


def _hint(number: float | None) -> str:
    return "" if number is None else format_number(number)
