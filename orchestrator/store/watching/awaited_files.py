"""Files that somebody waits for: looked at directly while they grow.

A look at the sizes of a few files costs less than asking the kernel's watch for events, which takes
a thread. In a silence it is the other way round.
"""

import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

_GROWING_FOR_S = 0.5
_ASK_EVERY_S = 0.1


class AwaitedFiles:
    """What has changed of some files, by their sizes.

    Args:
        paths: which files they are now.
    """

    def __init__(self, paths: Callable[[], Iterable[Path]]) -> None:
        self._paths = paths
        self._seen: dict[Path, tuple[int, int]] = {}
        self._grew_at = -math.inf
        self._ask_at = -math.inf

    def changed(self) -> set[Path]:
        """Those that grew or were replaced since the last look, or empty while none grows."""
        now = time.monotonic()
        if now - self._grew_at > _GROWING_FOR_S:
            return set()
        found = self._look()
        if found:
            self._grew_at = now
        return found

    @property
    def is_time_to_ask(self) -> bool:
        """Whether to ask for events although some of the files have changed."""
        return time.monotonic() >= self._ask_at

    def take_in(self, reported: set[Path]) -> set[Path]:
        """What of the files that events were reported of is news.

        An event of a file that was looked at since it was written is none.
        """
        self._ask_at = time.monotonic() + _ASK_EVERY_S
        grown = self._look()
        if grown & reported:
            self._grew_at = time.monotonic()
        return (reported - self._seen.keys()) | grown

    def _look(self) -> set[Path]:
        before, self._seen = self._seen, {}
        for path in self._paths():
            try:
                found = os.stat(path)  # noqa: PTH116  (this is what a look costs)
            except OSError:
                continue
            self._seen[path] = found.st_ino, found.st_size
        return {path for path, state in self._seen.items() if before.get(path) != state}
