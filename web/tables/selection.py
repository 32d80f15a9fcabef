"""Select the rows of a table that pass a query, and sort them. Pure.

The column determines what a row holds in it (`column.Column`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from ml_tracking_ops.orchestrator.errors import did_you_mean
from ml_tracking_ops.orchestrator.store.files.fields import is_number

from ..runs.formats import format_long, format_number
from ..runs.name_patterns import NamePatternError, is_pattern, parse_pattern
from .column import Column, TableColumns
from .filtering.conditions import condition_of, condition_problems
from .hyperparameters import Hyperparameter
from .query import (
    HYPERPARAMETER,
    NOT_SET,
    RANGE_HINT,
    Filter,
    Order,
    TableQuery,
    Term,
    is_metric,
    to_number,
)
from .rows import Row


def select_rows(rows: Iterable[Row], query: TableQuery, columns: TableColumns) -> list[Row]:
    """Return the rows that pass every condition of the query, in their order."""
    found = list(rows)
    for test in _tests(query, columns, found):
        found = [row for row in found if test(row)]
    return found


def count_states(states: Iterable[str], n_by_state: Mapping[str, int]) -> dict[str, int]:
    """Return how many rows of each state pass the other conditions, 0 for states that only others
    are in."""
    return {**dict.fromkeys(states, 0), **n_by_state}


def states_of(rows: Iterable[Row]) -> Counter[str]:
    """Return how many rows are in each state."""
    return Counter(row.state for row in rows)


def _tests(
    query: TableQuery, columns: TableColumns, rows: Sequence[Row]
) -> Iterable[Callable[[Row], bool]]:
    if query.states:
        states = frozenset(query.states)
        yield lambda row: row.state in states
    for one in query.filters:
        yield _filter_test(one, columns.of_filter(one.key))
    if is_pattern(query.search):
        yield _pattern_test(query.search)
    elif words := query.search.casefold().split():
        yield lambda row: has_words(columns.search_text(row), words)
    if condition := condition_of(query, columns, rows):
        yield condition.passes


def _pattern_test(search: str) -> Callable[[Row], bool]:
    """Return a test of names. An invalid or slow regular expression accepts all. `problems_of`
    reports it."""
    try:
        pattern = parse_pattern(search)
    except NamePatternError:
        return lambda row: True
    return lambda row: pattern.finds(_names(row))


def _names(row: Row) -> tuple[str, ...]:
    number = (str(row.index), f"run {row.index}") if row.index else ()
    return (row.name or "", row.label or "", *number, *row.tags)


def _filter_test(one: Filter, column: Column) -> Callable[[Row], bool]:
    ranges = [term for term in one.terms if term.is_range]
    texts = frozenset(term.text for term in one.terms if not term.is_range)
    literal = frozenset(term.text for term in one.terms)  # a text may look like a range

    def test(row: Row) -> bool:
        value = column.value(row)
        if value is None:  # a hyperparameter may be null, which is not the same as missing
            return (str(None) if column.is_given(row) else NOT_SET) in texts
        if isinstance(value, bool) or not isinstance(value, int | float):
            return filter_text(value) in literal
        return any(_is_within(value, term) for term in ranges) or any(
            is_written_as(value, text) for text in texts
        )

    return test


def _is_within(value: float, term: Term) -> bool:
    """Return whether a value is in a range. NaN is in none."""
    above = term.low is None or value >= term.low
    return above and (term.high is None or value <= term.high)


def filter_text(value: object) -> str:
    """Return a value as in the address: as the table shows it, and an empty text as two quotes."""
    return format_long(value.strip()) or '""' if isinstance(value, str) else format_number(value)


def is_written_as(value: object, text: str) -> bool:
    """Return whether a person who writes `text` may mean `value`: as in the table, or in full."""
    if text == filter_text(value):
        return True
    if text in (format_number(value), str(value)):
        return True
    number = to_number(text)
    return number is not None and is_number(value) and value == number


def has_words(text: str, words: Sequence[str]) -> bool:
    """Return whether a text has all of these words. Both are casefolded."""
    return all(word in text for word in words)


def sort_rows(rows: Sequence[Row], column: Column, order: Order) -> list[Row]:
    """Return rows in the requested order. Equal ones keep theirs.

    Rows without a value there come last, in both directions.
    """
    keys = column.sort_keys_of(rows)
    places = [place for place, key in enumerate(keys) if key is not None]
    places.sort(key=keys.__getitem__, reverse=order == "desc")
    rest = [row for row, key in zip(rows, keys, strict=True) if key is None]
    return [rows[place] for place in places] + rest


def problems_of(
    query: TableQuery, columns: TableColumns, rows: Sequence[Row] | None = None
) -> list[str]:
    """Return the parts of the query that these rows cannot answer.

    Args:
        rows: those with the metrics that were read, or None if not all could be read yet.

    Columns of metrics, which may be logged yet, are always accepted.
    """
    problems = [*query.problems, *_search_problems(query.search)]
    problems += condition_problems(query, columns, rows)
    for one in query.filters:
        if not is_metric(one.key):
            problems += _filter_problems(one, columns.hyperparameters)
    for name, keys in (("sort", [query.sort] if query.sort else []), ("columns", query.columns)):
        for key in keys:
            if columns.find(key) is None:
                problems.append(f"{name}={key}: there is no such column")
    return problems


def _search_problems(search: str) -> Iterable[str]:
    if is_pattern(search):
        try:
            parse_pattern(search)
        except NamePatternError as error:
            yield f"{search}: {error}"


def _filter_problems(one: Filter, hyperparameters: Mapping[str, Hyperparameter]) -> Iterable[str]:
    name = one.key.removeprefix(HYPERPARAMETER)
    if name not in hyperparameters:
        known = ", ".join(hyperparameters) or "none"
        hint = did_you_mean(name, hyperparameters)
        yield f"{one.key}: no run has this hyperparameter{hint} (known: {known})"
    elif hyperparameters[name].is_number:
        for term in one.terms:
            is_named = term.is_range or term.text in (str(None), NOT_SET)
            if not is_named and to_number(term.text) is None:
                yield f"{one.key}={term.text}: {name} is a number. {RANGE_HINT}"
