"""Show what a metrics_pattern finds in an output, without a sweep."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import UsageError
from ...output.lines import OutputLines
from ...output.parser import LineParser, OutputPatternError
from ...output.patterns import PATTERNS
from ...store.files.output_tail import collapse_line
from ..terminal.printing import print_json, print_table
from ..terminal.words import print_message, print_result, short_value

EXIT_NOTHING_FOUND = 1


@dataclass
class MatchedValues:
    """The values that a pattern found for one metric."""

    values: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)

    def add(self, value: float, step: int | None) -> None:
        self.values.append(value)
        self.steps.append(len(self.values) if step is None else step)


@dataclass
class Preview:
    """The matches of a pattern in an output, and what it could not read."""

    pattern: str
    n_lines: int = 0
    n_matching: int = 0
    metrics: dict[str, MatchedValues] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def metrics_preview(options: argparse.Namespace) -> int:
    """Show the matches of one pattern, or compare all named patterns."""
    patterns = PATTERNS if options.pattern is None else (options.pattern,)
    previews = [preview(options.file, pattern) for pattern in patterns]
    if options.json:
        print_json([_as_json(one) for one in previews])
    elif options.pattern is None:
        _print_comparison(previews)
    else:
        _print_preview(previews[0])
    return 0 if any(one.metrics for one in previews) else EXIT_NOTHING_FOUND


def preview(path: Path, pattern: str) -> Preview:
    """Read a whole output with a pattern.

    Raises:
        UsageError: the file cannot be read, or the pattern is no regular expression.
    """
    try:
        parser = LineParser(pattern)
    except OutputPatternError as error:
        raise UsageError(f"--pattern is not a regular expression: {error}") from None
    found = Preview(pattern)
    for line in _lines(path):
        found.n_lines += 1
        points = parser.parse(line)
        found.n_matching += bool(points)
        for name, value, step in points:
            found.metrics.setdefault(name, MatchedValues()).add(value, step)
    found.notes = [text for _, text in parser.notes]
    return found


def _lines(path: Path) -> Iterator[str]:
    if str(path) == "-":
        yield from filter(str.strip, map(collapse_line, sys.stdin))
        return
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    if not path.stat().st_size:
        raise UsageError(f"{path} is empty")
    reader = OutputLines(path)
    has_more = True
    while has_more:
        lines, has_more = reader.read()
        if not has_more:
            lines += reader.rest()
        for raw in lines:
            line = collapse_line(raw.decode("utf-8", "replace"))
            if line.strip():
                yield line


def _print_comparison(previews: list[Preview]) -> None:
    rows = [
        (
            json.dumps(one.pattern),
            str(one.n_matching),
            ", ".join(list(one.metrics)[:6]) + (", …" if len(one.metrics) > 6 else ""),
        )
        for one in previews
    ]
    print_result(f"{previews[0].n_lines} lines")
    print_table(("METRICS_PATTERN", "LINES THAT MATCH", "METRICS"), rows)
    print_message("to see the values that a pattern finds, add --pattern NAME")


def _print_preview(one: Preview) -> None:
    print_result(f"{one.n_matching} of {one.n_lines} lines match")
    if one.metrics:
        rows = [
            (
                name,
                str(len(found.values)),
                f"{found.steps[0]} to {found.steps[-1]}",
                short_value(found.values[0]),
                short_value(found.values[-1]),
            )
            for name, found in one.metrics.items()
        ]
        print_table(("METRIC", "VALUES", "STEPS", "FIRST", "LAST"), rows)
    for note in one.notes:
        print_message(f"note: {note}")


def _as_json(one: Preview) -> dict[str, object]:
    return {
        "pattern": one.pattern,
        "n_lines": one.n_lines,
        "n_matching": one.n_matching,
        "metrics": {
            name: {"values": [_plain(v) for v in found.values], "steps": found.steps}
            for name, found in one.metrics.items()
        },
        "notes": one.notes,
    }


def _plain(value: float) -> float | str:
    """Return a value as JSON, which has no NaN and no infinity."""
    return value if abs(value) < float("inf") else str(value)
