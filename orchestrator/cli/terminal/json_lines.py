"""Output of `--json` for a sweep: one line per event (see `reports.events`)."""

import sys
from collections.abc import Mapping
from typing import Any

from ...store.journal import Event, encode


class JsonProgress:
    """Shows a sweep's events as lines of JSON on stdout."""

    def on_event(self, event: Event) -> None:
        print_line(event)

    def close(self) -> None:
        return


def print_line(event: Mapping[str, Any]) -> None:
    """Print one event on stdout, always in UTF-8."""
    sys.stdout.flush()
    sys.stdout.buffer.write(encode(dict(event)))
    sys.stdout.buffer.flush()
