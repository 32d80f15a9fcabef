"""Text for the terminal: control characters are escaped, numbers and durations formatted."""

import io
import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...commands.values import as_text

_OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
"""Control characters (C0 and C1), characters that change the direction of writing, break lines or
are invisible, and halves of surrogate pairs."""


def escape_unencodable() -> None:
    """Escape characters that an encoding such as ASCII lacks, in place of failing.

    In the C locale Python's own choice for standard output is `surrogateescape`.
    """
    for stream in (sys.stdout, sys.stderr):
        is_strict = getattr(stream, "errors", None) in ("strict", "surrogateescape")
        if is_strict and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_message(text: str) -> None:
    print(_lines(text), file=sys.stderr, flush=True)


def print_result(text: str) -> None:
    """Print a line on stdout."""
    print(_lines(text))


def _lines(text: str) -> str:
    return "\n".join(map(printable_line, text.split("\n")))


def printable_line(text: str) -> str:
    """Return a text of one line with its control characters escaped."""
    if text.isprintable():
        return text
    return _OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def short_path(path: Path) -> str:
    """Return the shortest path from the current folder."""
    try:
        return printable_line(str(path.relative_to(Path.cwd())))
    except ValueError:
        return printable_line(str(path))


def short_value(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else cut_text(str(value))


def cut_text(text: str, width: int = 100) -> str:
    """Cut the middle out of a text that is longer than `width`."""
    if len(text) <= width:
        return text
    n_end = (width - 1) // 2
    return f"{text[: width - 1 - n_end]}…{text[-n_end:]}"


def format_combination(hyperparameters: Mapping[str, Any]) -> str:
    """Return hyperparameters as `name=value`, with as many digits as distinguish the numbers."""
    return " ".join(
        f"{name}={format_number(value) if isinstance(value, float) else cut_text(as_text(value))}"
        for name, value in hyperparameters.items()
    )


def format_values(values: Mapping[str, float]) -> str:
    """Return the values of several metrics: `accuracy 0.91, latency_ms 3.2`."""
    return ", ".join(
        f"{cut_text(name, 24)} {format_number(value)}" for name, value in values.items()
    )


def format_number(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}" if math.isfinite(value) else str(value)


def format_duration(seconds: float) -> str:
    """Format a duration as `12.3s`, `4m05s` or `2h07m`."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"
