"""Text for the terminal: what it does not obey, and how numbers and durations are written."""

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
"""Control characters (C0 and C1), what turns the direction of writing, breaks lines or is not seen,
and halves of surrogate pairs."""


def show_what_the_terminal_can() -> None:
    """From now on what an encoding such as ASCII does not have is spelled out, not an error.

    In the C locale Python's own choice for standard output is `surrogateescape`.
    """
    for stream in (sys.stdout, sys.stderr):
        is_strict = getattr(stream, "errors", None) in ("strict", "surrogateescape")
        if is_strict and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_message(text: str) -> None:
    print(_lines(text), file=sys.stderr, flush=True)


def print_result(text: str) -> None:
    """The same on stdout."""
    print(_lines(text))


def _lines(text: str) -> str:
    return "\n".join(map(printable_line, text.split("\n")))


def printable_line(text: str) -> str:
    """A text of one line that a terminal does not obey: control characters are spelled out."""
    if text.isprintable():
        return text
    return _OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def short_path(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return printable_line(str(path.relative_to(Path.cwd())))
    except ValueError:
        return printable_line(str(path))


def short_value(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else cut_text(str(value))


def cut_text(text: str, width: int = 100) -> str:
    """A text without its middle if it is longer than `width`."""
    if len(text) <= width:
        return text
    n_end = (width - 1) // 2
    return f"{text[: width - 1 - n_end]}…{text[-n_end:]}"


def format_combination(hyperparameters: Mapping[str, Any]) -> str:
    """Hyperparameters as `name=value`, numbers with as many digits as tell them apart."""
    return " ".join(
        f"{name}={format_number(value) if isinstance(value, float) else cut_text(as_text(value))}"
        for name, value in hyperparameters.items()
    )


def format_values(values: Mapping[str, float]) -> str:
    """The values of several metrics: `accuracy 0.91, latency_ms 3.2`."""
    return ", ".join(
        f"{cut_text(name, 24)} {format_number(value)}" for name, value in values.items()
    )


def format_number(value: float | None) -> str:
    return "–" if value is None else f"{value:.5g}" if math.isfinite(value) else str(value)


def format_duration(seconds: float) -> str:
    """`12.3s`, `4m05s`, `2h07m`."""
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    return f"{minutes // 60}h{minutes % 60:02d}m"
