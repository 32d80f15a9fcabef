"""Metrics of scripts that cannot be changed: read from what they print, into a real `.dat`."""

import json
import os
import re
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.experiment_logger import ExperimentLogger
from ml_tracking_ops.logger.guarded import READ, open_guarded

from ..config.model import SweepConfig
from ..store.output_tail import collapse_line

_NUMBER = (
    r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|NaN|inf(?:inity)?|Infinity)"
)
_NAMED = (  # quotes as they stand where a dictionary is printed
    r"(?<![\w./])(?P<name>[^\W\d][\w./-]*)['\"]?[ \t]*{}[ \t]*['\"]?(?P<value>"
    + _NUMBER
    + r")(?![\w.]*\w)"
)
_BUILT_IN = {"name: value": _NAMED.format(":"), "name=value": _NAMED.format("=")}
_STEP = "step"
_BLOCK_BYTES = 1 << 18
_LONGEST_LINE_BYTES = 1 << 16
_LINES_SHOWN = 5
_SHOWN_CHARACTERS = 120
_LINE_END = re.compile(rb"\r\n|\n|\r")

Point = tuple[str, float, int | None]


class LineParser:
    """A line → the metrics in it, with the step where it names one.

    Args:
        pattern: `json` (an object of numbers; objects inside it give `outer/inner`),
            `name: value`, `name=value`, or a regular expression with named groups.
    """

    def __init__(self, pattern: str) -> None:
        self._is_json = pattern == "json"
        self._pattern = None if self._is_json else re.compile(_BUILT_IN.get(pattern, pattern))

    def parse(self, line: str) -> list[Point]:
        """The points of a line: name, value, step or None."""
        found = dict(_json_numbers(line) if self._is_json else self._matches(line))
        step = found.pop(_STEP, None)
        whole = int(step) if step is not None and abs(step) < 2**53 else None
        return [(name, value, whole) for name, value in found.items()]

    def _matches(self, line: str) -> Iterator[tuple[str, float]]:
        assert self._pattern is not None
        for match in self._pattern.finditer(line):
            groups = match.groupdict()
            name, value = groups.pop("name", None), groups.pop("value", None)
            for key, text in [(name, value), *groups.items()]:
                if key and text is not None and (number := _number(text)) is not None:
                    yield key, number


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _json_numbers(line: str) -> Iterator[tuple[str, float]]:
    start = line.find("{")
    if start < 0:
        return
    try:
        found, _ = json.JSONDecoder().raw_decode(line, start)
    except (ValueError, RecursionError):
        return
    yield from _flat(found, "")


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool) and key:
            number = _number(str(value))
            if number is not None:
                yield f"{prefix}{key}", number


class OutputMetrics:
    """Follows a run's `.log` and writes the metrics that it finds there to the run's `.dat`.

    A value whose line names no step gets the count of its metric's values so far, from 1. Values
    that the `.dat` holds already, since an earlier orchestrator wrote them, are passed over.
    """

    def __init__(self, log_path: Path, dat_path: Path, pattern: str) -> None:
        self._log_path = log_path
        self._pattern = pattern
        self._parser = LineParser(pattern)
        self._n_known = _count_values(dat_path)
        self._writer = ExperimentLogger.at(dat_path)
        self._counts: Counter[str] = Counter()
        self._offset = 0
        self._partial = b""
        self._n_lines = 0
        self._seen: deque[str] = deque(maxlen=_LINES_SHOWN)

    @property
    def has_only_misses(self) -> bool:
        """Whether lines were printed and none of them held a metric."""
        return self._n_lines > 0 and not self._counts

    def read(self) -> bool:
        """Take in a bounded part of what was printed since; return whether there is more."""
        try:
            with os.fdopen(open_guarded(self._log_path, READ), "rb") as file:
                size = file.seek(0, os.SEEK_END)
                if size < self._offset:  # its middle was cut out: see supervision.process
                    self._offset, self._partial = size, b""
                file.seek(self._offset)
                block = file.read(_BLOCK_BYTES)
        except OSError:
            return False
        self._offset += len(block)
        *lines, rest = _LINE_END.split(self._partial + block)
        self._partial = rest if len(rest) <= _LONGEST_LINE_BYTES else b""
        for line in lines:
            self._take(line)
        return len(block) == _BLOCK_BYTES

    def finish(self) -> None:
        """Take in the rest, also a last line without an end, and close the `.dat`."""
        while self.read():
            pass
        self._take(self._partial)
        self._partial = b""
        self._writer.close()

    def explain_misses(self) -> str:
        """What to tell a user whose pattern finds nothing."""
        lines = "1 line" if self._n_lines == 1 else f"{self._n_lines} lines"
        seen = "".join(f"\n  | {line[:_SHOWN_CHARACTERS]}" for line in self._seen)
        return (
            f"printed {lines}, none of which matches the metrics_pattern "
            f"{json.dumps(self._pattern, ensure_ascii=False)}. The last lines seen:{seen}"
        )

    def _take(self, raw: bytes) -> None:
        line = collapse_line(raw.decode("utf-8", "replace"))
        if not line.strip():
            return
        self._n_lines += 1
        self._seen.append(line)
        for name, value, step in self._parser.parse(line):
            self._counts[name] += 1
            if self._n_known:
                self._n_known -= 1
                continue
            self._writer.add_scalar(name, value, self._counts[name] if step is None else step)


def _count_values(dat_path: Path) -> int:
    from ml_tracking_ops.logger.reader import LogFormatError, read_log

    try:
        return sum(len(series.step) for series in read_log(dat_path, follow_link=False).values())
    except (OSError, LogFormatError):
        return 0


def open_output(dat_path: Path, config: SweepConfig) -> OutputMetrics | None:
    """What reads a run's output, where the configuration asks for it."""
    if config.metrics_from != "stdout" or config.metrics_pattern is None:
        return None
    log_path = dat_path.with_suffix(paths.LOG_SUFFIX)
    return OutputMetrics(log_path, dat_path, config.metrics_pattern)
