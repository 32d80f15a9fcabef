"""A user's regular expression, with a limit on its time.

The `regex` package ends a search that takes too long, which `re` cannot: some expressions take
hours for one line, and meanwhile no run would be followed.
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .numbers import is_cut, parse_number

if TYPE_CHECKING:
    import regex

LINE_LIMIT_S = 0.05
MOST_SLOW_LINES = 3


class OutputPatternError(ValueError):
    """The text is no regular expression."""


class UserPattern:
    """Finds the named groups of an expression in lines.

    Raises:
        OutputPatternError: it is no regular expression.

    Attributes:
        n_slow: how many lines took longer than the limit and were skipped.
        spent_s: how long all searches took together.
    """

    def __init__(self, pattern: str) -> None:
        import regex

        try:
            self._pattern: regex.Pattern[str] = regex.compile(pattern)
        except regex.error as error:
            raise OutputPatternError(str(error)) from None
        self.n_slow = 0
        self.spent_s = 0.0

    @property
    def groups(self) -> set[str]:
        return set(self._pattern.groupindex)

    @property
    def has_given_up(self) -> bool:
        return self.n_slow >= MOST_SLOW_LINES

    def find(self, line: str) -> Iterator[tuple[str, float | None]]:
        """Yield the metrics of a line: name and value, or None for a number that is cut short."""
        for match in self._matches(line):
            spans = {name: match.span(name) for name in match.groupdict()}
            name_span = spans.pop("name", None)
            value_span = spans.pop("value", None)
            if name_span is not None and value_span is not None and name_span[0] >= 0:
                spans[line[slice(*name_span)]] = value_span
            for name, (start, end) in spans.items():
                number = _number_in(line[start:end]) if start >= 0 else None
                if name and number is not None:
                    yield name, None if is_cut(line, start, end) else number

    def _matches(self, line: str) -> "list[regex.Match[str]]":
        if self.has_given_up:
            return []
        started = time.perf_counter()
        try:
            return list(self._pattern.finditer(line, timeout=LINE_LIMIT_S))
        except TimeoutError:
            self.n_slow += 1
            return []
        finally:
            self.spent_s += time.perf_counter() - started


def _number_in(text: str) -> float | None:
    """Return the number of a group, even if `\\S+` matched more than the number: `0.5,` or
    `(0.5)`."""
    number = parse_number(text)
    return (
        parse_number(text.strip().lstrip("([{'\"").rstrip(",;:.)]}'\"%"))
        if number is None
        else number
    )
