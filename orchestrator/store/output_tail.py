"""What a run printed: its `.log`, read from the end."""

import os
import re
from pathlib import Path

from ml_tracking_ops.logger.guarded import READ, open_guarded

TAIL_LINES = 20
_TAIL_BYTES = 16 << 10
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def last_lines(path: Path, n_lines: int = TAIL_LINES) -> list[str]:
    """The last lines of a `.log`, as a person would see them; empty where there is none."""
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
    """A line without colour codes, and with only what its carriage returns left standing."""
    kept = [part for part in _ANSI.sub("", line).split("\r") if part.strip()]
    return kept[-1].rstrip() if kept else ""
