"""Files that somebody waits for: polled directly while they grow.

Checking the sizes of a few files costs less than asking the kernel's watch for events, which takes
a thread. In a silence it is the other way round.
"""

import math
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path

import anyio

_GROWING_FOR_S = 0.5
_ASK_EVERY_S = 0.1
_STEADY_AFTER_S = 2.0
_PAUSE_TO_LOOK = 20.0


async def poll_awaited(
    paths: Callable[[], Iterable[Path]], every_s: float
) -> AsyncGenerator[set[Path], None]:
    """Yield an empty set once, then those of some files that changed. No thread is needed for it.

    Args:
        paths: the current files.
        every_s: the time between two looks. Many files are looked at less often.
    """
    files = AwaitedFiles(paths)
    files.look()
    yield set()
    pause_s = every_s
    while True:
        await anyio.sleep(pause_s)
        began = time.monotonic()
        changed = files.look()
        pause_s = max(every_s, (time.monotonic() - began) * _PAUSE_TO_LOOK)
        if changed:
            yield changed


class AwaitedFiles:
    """Detects changes of some files by their sizes, and of folders by their times.

    Args:
        paths: the current files.
    """

    def __init__(self, paths: Callable[[], Iterable[Path]]) -> None:
        self._paths = paths
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self._grew_at = self._began_at = -math.inf
        self._ask_at = -math.inf

    def changed(self) -> set[Path]:
        """Return those that grew or were replaced since the last check, or empty while none
        grows."""
        now = time.monotonic()
        if now - self._grew_at > _GROWING_FOR_S:
            return set()
        found = self.look()
        if found:
            self._note_growth(now)
        return found

    def _note_growth(self, now: float) -> None:
        if now - self._grew_at > _GROWING_FOR_S:
            self._began_at = now
        self._grew_at = now

    @property
    def is_steady(self) -> bool:
        """Whether the files have grown for seconds without a break, and still do."""
        now = time.monotonic()
        return now - self._grew_at <= _GROWING_FOR_S and now - self._began_at >= _STEADY_AFTER_S

    @property
    def is_time_to_ask(self) -> bool:
        """Whether to ask for events even though some of the files have changed."""
        return time.monotonic() >= self._ask_at

    def take_in(self, reported: set[Path]) -> set[Path]:
        """Return which of the files with reported events are news.

        An event is not news if the file was checked after it was written.
        """
        self._ask_at = time.monotonic() + _ASK_EVERY_S
        grown = self.look()
        if grown & reported:
            self._note_growth(time.monotonic())
        return (reported - self._seen.keys()) | grown

    def look(self) -> set[Path]:
        """Return those that changed since the last look, or that are new."""
        before, self._seen = self._seen, {}
        for path in self._paths():
            try:
                found = os.stat(path)  # noqa: PTH116  (this is what a look costs)
            except OSError:
                continue
            self._seen[path] = found.st_ino, found.st_size, found.st_mtime_ns
        return {path for path, state in self._seen.items() if before.get(path) != state}
