"""The output of a run: its `.log`, read from the end."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ml_tracking_ops.logger.guarded import READ, open_guarded

TAIL_LINES = 20
ERROR_LINES = 1_000
_TAIL_BYTES = 64 << 10
_TRACEBACK = re.compile(r"^\W*Traceback \(most recent call last\):")
_EXCEPTION = re.compile(r"^[\s|+-]*((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:: .*|:)?)$")
_ERROR = re.compile(
    r"^\W*((?:(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt)|[eE]rror|ERROR|FATAL|[pP]anic)"
    r"\b(?!\s*[:=]\s*[-+.\d]).*|.*?\b(?:fatal )?error: \D.*)"
)
_LONGEST_ERROR = 500
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def last_lines(path: Path, n_lines: int = TAIL_LINES) -> list[str]:
    """Return the last lines of a `.log`, as a person would see them, or empty if there is none."""
    try:
        with os.fdopen(open_guarded(path, READ), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    lines = [collapse_line(line) for line in text.split("\n")]
    return [line for line in lines if line.strip()][-n_lines:]


def collapse_line(line: str) -> str:
    """Return a line without colour codes, and only with what its carriage returns left visible."""
    kept = [part for part in _ANSI.sub("", line).split("\r") if part.strip()]
    return kept[-1].rstrip() if kept else ""


def error_line(lines: Sequence[str]) -> str | None:
    """Return the line with the error in the last lines of an output, or None if there are none.

    It is the exception of the last traceback, else the last line that names an error, else the
    last line: advice is often printed after the error.
    """
    found = _exception_of_last_traceback(lines)
    if found is None:
        errors = (match[1] for line in reversed(lines) if (match := _ERROR.match(line)))
        found = next(errors, lines[-1] if lines else None)
    return None if found is None else found.strip()[:_LONGEST_ERROR]


def _exception_of_last_traceback(lines: Sequence[str]) -> str | None:
    starts = [index for index, line in enumerate(lines) if _TRACEBACK.match(line)]
    if not starts:
        return None
    margin = len(lines[starts[-1]]) - len(lines[starts[-1]].lstrip(" |+"))
    for line in lines[starts[-1] + 1 :]:
        is_inside = line[margin:].startswith((" ", "\t")) or not line[margin:].strip()
        if not is_inside:
            match = _EXCEPTION.match(line)
            return None if match is None else match[1]
    return None
