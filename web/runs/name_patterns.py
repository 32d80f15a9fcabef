"""Searches for words, or for a regular expression between slashes: ``/exp_0[1-5]/``. Pure.

Only expressions that can be matched in a bounded time are accepted: no repetition of what repeats
or branches, no references, no look-around.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

_LONGEST = 200
_MOST_REPETITIONS = 3
_LONGEST_TEXT = 160
_LONGEST_S = 2.0
_REPEATS = "*+?{"


class NamePatternError(ValueError):
    """No regular expression, or one that could take too long."""


@dataclass(frozen=True)
class NamePattern:
    """A regular expression that is searched in names, in upper or lower case.

    After `until`, on the monotonic clock, nothing more is found.
    """

    compiled: re.Pattern[str]
    until: float

    def part(self, names: tuple[str, ...]) -> str | None:
        """Return the part in parentheses of the first name that the expression matches.

        Without parentheses it is the whole match, or None if nothing matched.
        """
        for name in names:
            found = self.compiled.search(name[:_LONGEST_TEXT])
            if found is not None and time.monotonic() < self.until:
                return " ".join(filter(None, found.groups())) or found.group()
        return None

    def finds(self, names: tuple[str, ...]) -> bool:
        texts = (name[:_LONGEST_TEXT] for name in names)
        return time.monotonic() < self.until and any(map(self.compiled.search, texts))


def is_pattern(search: str) -> bool:
    """Return whether a search is a regular expression: it is between slashes."""
    return len(search) > 2 and search.startswith("/") and search.endswith("/")


def parse_pattern(search: str) -> NamePattern:
    """Return the regular expression of a search.

    Raises:
        NamePatternError: it is invalid, or not accepted. The message explains why.
    """
    text = search[1:-1]
    if len(text) > _LONGEST:
        raise NamePatternError(f"is longer than {_LONGEST} characters")
    _check(text)
    try:
        return NamePattern(re.compile(text, re.IGNORECASE), time.monotonic() + _LONGEST_S)
    except (re.error, RecursionError, OverflowError) as error:
        raise NamePatternError(f"is not a regular expression: {error}") from None


def _check(text: str) -> None:
    """Refuse what could take very long."""
    groups: list[bool] = []  # for each open group: whether it repeats or branches inside
    was_complex, n_repetitions, at = False, 0, 0
    while at < len(text):
        char, after = text[at], text[at + 1 : at + 2]
        if char == "\\":
            if after.isdigit() and after != "0":
                raise NamePatternError("refers to a group, which is not supported")
            at += 2
        elif char == "[":
            at = _end_of_class(text, at)
        else:
            if char == "(":
                _check_group(text[at:])
                groups.append(False)
            elif char == ")":
                was_complex = groups.pop() if groups else False
                if groups and was_complex:
                    groups[-1] = True
                if was_complex and after and after in _REPEATS:
                    raise NamePatternError(
                        "repeats what repeats or branches, which is not supported"
                    )
            elif char in "*+{":
                n_repetitions += 1
            if char in "*+{|?" and groups and text[at - 1 : at] != "(":
                groups[-1] = True
            at += 1
    if n_repetitions > _MOST_REPETITIONS:
        raise NamePatternError(f"repeats more than {_MOST_REPETITIONS} times")


def _check_group(rest: str) -> None:
    if rest.startswith("(?") and not rest.startswith("(?:"):
        raise NamePatternError("has a group of a special kind, which is not supported")


def _end_of_class(text: str, start: int) -> int:
    """Return the position after the ``]`` of a set of characters."""
    at = start + 1 + (text[start + 1 : start + 2] == "^")
    at += text[at : at + 1] == "]"
    while at < len(text) and text[at] != "]":
        at += 2 if text[at] == "\\" else 1
    return at + 1


def name_test(search: str) -> Callable[[tuple[str, ...]], bool]:
    """Return a function that tells whether a search occurs in any of the names of something.

    A search with an invalid regular expression finds nothing.
    """
    if not is_pattern(search):
        text = search.casefold()
        return lambda names: any(text in name.casefold() for name in names)
    try:
        return parse_pattern(search).finds
    except NamePatternError:
        return lambda names: False
