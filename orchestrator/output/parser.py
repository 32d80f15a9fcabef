"""Find the metrics in a line of output, by the pattern that a user chose."""

import json
from collections import deque
from collections.abc import Iterable, Iterator

from .json_lines import find_json
from .pairs import STEP, find_pairs
from .trainers import FINDERS, Finder
from .user_pattern import MOST_SLOW_LINES, OutputPatternError, UserPattern

PrintedPoint = tuple[str, float, int | None]
"""Name, value, and the step if the line names one."""

_SHOWN_CHARACTERS = 120
_MOST_NOTES = 100


class LineParser:
    """Takes the lines of one output in order, and finds the metrics in them.

    Args:
        pattern: one of `patterns.PATTERNS`, or a regular expression with named groups.

    Raises:
        OutputPatternError: it is no regular expression.

    Attributes:
        notes: messages for users about lines that were not read: kind and text, each kind once.
    """

    def __init__(self, pattern: str) -> None:
        self._user: UserPattern | None = None
        self._find: Finder = self._finder(pattern)
        self._pattern = pattern
        self._noted: set[str] = set()
        self.notes: deque[tuple[str, str]] = deque(maxlen=_MOST_NOTES)

    @property
    def spent_s(self) -> float:
        """How long a user's regular expression has taken so far."""
        return 0.0 if self._user is None else self._user.spent_s

    def parse(self, line: str) -> list[PrintedPoint]:
        """Return the points of a line. A name that occurs twice is refused, with a note."""
        points, steps = dict[str, float](), list[float]()
        refused = dict[str, None]()
        for name, value in self._find(line):
            if name == STEP:
                steps.append(value)
            elif name in points or name in refused:
                refused[name] = None
                points.pop(name, None)
            else:
                points[name] = value
        if len(set(steps)) > 1:
            refused, points = {STEP: None}, {}
        for name in refused:
            self._refuse(name, line)
        step = _whole(steps[0]) if steps else None
        return [(name, value, step) for name, value in points.items()]

    def _finder(self, pattern: str) -> Finder:
        if pattern == "json":
            return find_json
        if pattern in ("name: value", "name=value"):
            separator = ":" if ":" in pattern else "="
            return lambda line: find_pairs(line, separator)
        if pattern in FINDERS:
            return FINDERS[pattern]()
        self._user = UserPattern(pattern)
        return self._find_by_user

    def _find_by_user(self, line: str) -> Iterator[tuple[str, float]]:
        assert self._user is not None
        n_slow = self._user.n_slow
        for name, value in self._user.find(line):
            if value is None:
                self.note(
                    f"cut {name}",
                    f"the metrics_pattern matches a part of a longer number for {name!r}. It is "
                    f"not read: {_short(line)}",
                )
            else:
                yield name, value
        if self._user.n_slow > n_slow:
            self._note_slowness(line)

    def _note_slowness(self, line: str) -> None:
        assert self._user is not None
        quoted = json.dumps(self._pattern, ensure_ascii=False)
        if self._user.has_given_up:
            self.note(
                "given up",
                f"the metrics_pattern {quoted} took too long for {MOST_SLOW_LINES} lines. No "
                "more metrics are read from this run's output",
            )
        else:
            self.note(
                "slow",
                f"the metrics_pattern {quoted} takes too long for a line, which is not read: "
                f"{_short(line)}",
            )

    def _refuse(self, name: str, line: str) -> None:
        self.note(
            f"twice {name}",
            f"{name!r} occurs twice in a line. It is not read there. A regular expression as "
            f"metrics_pattern can distinguish the two: {_short(line)}",
        )

    def note(self, kind: str, text: str) -> None:
        """Add a note, unless it is there."""
        if kind not in self._noted and len(self._noted) < _MOST_NOTES:
            self._noted.add(kind)
            self.notes.append((kind, text))


def _whole(step: float) -> int | None:
    return int(step) if abs(step) < 2**53 else None


def _short(line: str) -> str:
    line = line.strip()
    is_long = len(line) > _SHOWN_CHARACTERS
    return f"{line[:_SHOWN_CHARACTERS]}…" if is_long else line


def parse_all(pattern: str, lines: Iterable[str]) -> list[PrintedPoint]:
    """Return the points of several lines of one output."""
    parser = LineParser(pattern)
    return [point for line in lines for point in parser.parse(line)]


__all__ = ["LineParser", "OutputPatternError", "PrintedPoint", "parse_all"]
