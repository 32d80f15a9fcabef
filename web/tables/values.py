"""What a row of a table holds under a column, and which rows pass a query, in its order. Pure.

A row is a dictionary as `rows.run_row` or `rows.experiment_entry` give it; `metrics`, where it
stands in it, maps names to `metric_summaries.MetricSummary`.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

from ..runs.formats import format_number
from .query import (
    HYPERPARAMETER,
    METRIC,
    NOT_SET,
    RANGE_HINT,
    Filter,
    Order,
    TableQuery,
    Term,
    is_metric,
    split_statistic,
    to_number,
)

_MOST_VALUES, _MOST_NUMBERS = 12, 6  # that are offered one by one
_PLAIN = (float, int, str, bool)

Row = dict[str, Any]


def value_of(row: Row, key: str, metric: str | None) -> object:
    """What stands in a column; None where there is nothing.

    Args:
        metric: the optimisation metric, whose best value the row itself holds.
    """
    return _getter(key, metric)(row)


def _getter(key: str, metric: str | None) -> Callable[[Row], object]:
    """`value_of` for very many rows: what the key means is looked up once."""
    if key.startswith(HYPERPARAMETER):
        hyperparameter = key.removeprefix(HYPERPARAMETER)
        return lambda row: row["hyperparameters"].get(hyperparameter)
    statistic = split_statistic(key)
    if statistic is None:
        return lambda row: row.get(key)
    kind, name = statistic
    if kind == "best" and name == metric:
        return lambda row: row["best_value"]
    return lambda row: getattr(row.get("metrics", {}).get(name), kind, None)


def select(rows: Iterable[Row], query: TableQuery, metric: str | None) -> list[Row]:
    """The rows that pass every condition of the query, in no new order."""
    found = list(rows)
    for test in _tests(query, metric):
        found = [row for row in found if test(row)]
    return found


def count_states(states: Iterable[str], of_any_state: Iterable[Row]) -> dict[str, int]:
    """How many rows of each state pass the other conditions; 0 of one that only others are in."""
    return dict.fromkeys(states, 0) | Counter(row["status"] for row in of_any_state)


def _tests(query: TableQuery, metric: str | None) -> Iterable[Callable[[Row], bool]]:
    if query.states:
        states = frozenset(query.states)
        yield lambda row: row["status"] in states
    for one in query.filters:
        yield _filter_test(one, metric)
    words = query.search.casefold().split()
    if words:
        yield lambda row: _has_words(row, words)


def _filter_test(one: Filter, metric: str | None) -> Callable[[Row], bool]:
    key = "best." + one.key.removeprefix(METRIC) if is_metric(one.key) else one.key
    get, is_hyperparameter = _getter(key, metric), key.startswith(HYPERPARAMETER)
    ranges = [term for term in one.terms if term.is_range]
    texts = frozenset(term.text for term in one.terms if not term.is_range)
    literal = frozenset(term.text for term in one.terms)  # a text may look like a range

    def test(row: Row) -> bool:
        value = get(row)
        if value is None:  # a hyperparameter may be null, which is not the same as missing
            is_null = is_hyperparameter and key[2:] in row["hyperparameters"]
            return (str(None) if is_null else NOT_SET) in texts
        if isinstance(value, bool) or not isinstance(value, int | float):
            return filter_text(value) in literal
        return any(_is_within(value, term) for term in ranges) or any(
            is_written_as(value, text) for text in texts
        )

    return test


def _is_within(value: float, term: Term) -> bool:
    """NaN is in no range."""
    above = term.low is None or value >= term.low
    return above and (term.high is None or value <= term.high)


def filter_text(value: object) -> str:
    """How the address names a value: as the table shows it, and an empty text as two quotes."""
    return value.strip() or '""' if isinstance(value, str) else format_number(value)


def is_written_as(value: object, text: str) -> bool:
    """Whether a person who writes `text` may mean `value`: as it stands in the table, or whole."""
    if text == filter_text(value):
        return True
    if text in (format_number(value), str(value)):
        return True
    number = to_number(text)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number is not None and is_number and value == number


def _has_words(row: Row, words: Sequence[str]) -> bool:
    text = _searchable(row)
    return all(word in text for word in words)


def _searchable(row: Row) -> str:
    hyperparameters = row.get("hyperparameters", {})
    facts = [row.get(key) for key in ("index", "name", "label", "note", "reason")]
    parts = [str(part) for part in (*facts, *(row.get("tags") or ())) if part]
    parts += [f"{name}={format_number(value)}" for name, value in hyperparameters.items()]
    return "\n".join(parts).casefold()


def sort_rows(rows: Sequence[Row], sort: str, order: Order, metric: str | None) -> list[Row]:
    """Rows in the order asked for; equals keep theirs.

    Those that have no value there come last, whatever the direction.
    """
    key_of = _sort_key(sort, metric)
    keyed = [(key_of(row), row) for row in rows]
    known = [(key, row) for key, row in keyed if key is not None]
    known.sort(key=lambda pair: pair[0], reverse=order == "desc")
    return [row for _, row in known] + [row for key, row in keyed if key is None]


def _sort_key(sort: str, metric: str | None) -> Callable[[Row], tuple[int, Any] | None]:
    special = _SORT_KEYS.get(sort)
    if special is not None:
        return special
    get = _getter(sort, metric)
    return lambda row: _comparable(get(row))


def _duration_key(row: Row) -> tuple[int, Any] | None:
    started_at, ended_at = row["started_at"], row["ended_at"]
    if started_at is None:
        return None
    # What still goes on is longest of all, the earliest start first.
    return (0, ended_at - started_at) if ended_at is not None else (1, -started_at)


def _tags_key(row: Row) -> tuple[int, Any] | None:
    tags = row.get("tags")
    return (1, "\n".join(tags).casefold()) if tags else None


_SORT_KEYS: dict[str, Callable[[Row], tuple[int, Any] | None]] = {
    "duration": _duration_key,
    "status": lambda row: (0, RUN_STATES.index(row["status"])),
    "name": lambda row: (1, str(row.get("label") or row["name"]).casefold()),
    "label": lambda row: (1, str(row["label"]).casefold()) if row.get("label") else None,
    "note": lambda row: (1, str(row["note"]).casefold()) if row.get("note") else None,
    "tags": _tags_key,
}


def _comparable(value: object) -> tuple[int, Any] | None:
    """Numbers before everything else, so that mixed values can be sorted; NaN is no value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return (0, value) if isinstance(value, int | float) else (1, str(value))


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """What the runs have for a hyperparameter.

    `low` to `high` are the finite numbers; `values` all of them, where they are few.
    `is_conditional`: some runs that have others do not have it.
    """

    is_number: bool
    low: float | None
    high: float | None
    values: tuple[object, ...] | None
    is_conditional: bool = False


def describe_hyperparameters(rows: Iterable[Row]) -> dict[str, Hyperparameter]:
    """Every hyperparameter of the rows, in the order in which they come up."""
    found: dict[str, dict[object, object]] = {}
    n_with: Counter[str] = Counter()
    n_runs = 0
    for row in rows:
        n_runs += bool(row["hyperparameters"])
        n_with.update(row["hyperparameters"].keys())
        for name, value in row["hyperparameters"].items():
            kind = type(value)  # 1, 1.0 and True are equal, and lists have no hash
            key = (kind, value) if kind in _PLAIN else (kind, repr(value))
            found.setdefault(name, {})[key] = value
    return {
        name: _describe(list(values.values()), n_with[name] < n_runs)
        for name, values in found.items()
    }


def _describe(values: list[Any], is_conditional: bool) -> Hyperparameter:
    is_number = all(type(value) in (int, float) for value in values)
    numbers = [value for value in values if is_number and math.isfinite(value)]
    few = len(values) <= (_MOST_NUMBERS if is_number else _MOST_VALUES)
    return Hyperparameter(
        is_number,
        min(numbers) if numbers else None,
        max(numbers) if numbers else None,
        tuple(sorted(values, key=_in_order)) if few else None,
        is_conditional,
    )


def _in_order(value: object) -> tuple[int, Any]:
    return _comparable(value) or (2, str(value))


def problems_of(
    query: TableQuery, hyperparameters: dict[str, Hyperparameter], columns: Collection[str]
) -> list[str]:
    """What the address asks that these rows cannot answer.

    Args:
        columns: every key that a table of these rows can show or sort by; those of metrics,
            which may be logged yet, are always accepted.
    """
    problems = [*query.problems]
    for one in query.filters:
        if not is_metric(one.key):
            problems += _filter_problems(one, hyperparameters)
    for name, keys in (("sort", [query.sort] if query.sort else []), ("columns", query.columns)):
        for key in keys:
            if key not in columns and split_statistic(key) is None:
                problems.append(f"{name}={key}: there is no such column")
    return problems


def _filter_problems(one: Filter, hyperparameters: dict[str, Hyperparameter]) -> Iterable[str]:
    name = one.key.removeprefix(HYPERPARAMETER)
    if name not in hyperparameters:
        known = ", ".join(hyperparameters) or "none"
        yield f"{one.key}: no run has this hyperparameter; there are: {known}"
    elif hyperparameters[name].is_number:
        for term in one.terms:
            is_named = term.is_range or term.text in (str(None), NOT_SET)
            if not is_named and to_number(term.text) is None:
                yield f"{one.key}={term.text}: {name} is a number; {RANGE_HINT}"
