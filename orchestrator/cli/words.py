"""Text for the terminal: what it does not obey, and how numbers and durations are written."""

import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..commands.values import as_text

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn the direction of writing, and halves of surrogate pairs."""


def say(text: str) -> None:
    print(_lines(text), file=sys.stderr, flush=True)


def tell(text: str) -> None:
    """The same on stdout."""
    print(_lines(text))


def _lines(text: str) -> str:
    return "\n".join(map(plain, text.split("\n")))


def plain(text: str) -> str:
    """A text of one line that a terminal does not obey: control characters are spelled out."""
    if text.isprintable():
        return text
    return _OBEYED.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return plain(str(path.relative_to(Path.cwd())))
    except ValueError:
        return plain(str(path))


def short(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def format_combination(hyperparameters: Mapping[str, Any]) -> str:
    """Hyperparameters as `name=value`, numbers with as many digits as tell them apart."""
    return " ".join(
        f"{name}={format_number(value) if isinstance(value, float) else as_text(value)}"
        for name, value in hyperparameters.items()
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
