"""Looking at all files of a folder again and again, where the kernel tells of no changes."""

import heapq
import os
import time
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import anyio
import anyio.to_thread

from ml_tracking_ops.logger.guarded import READ, open_guarded

from ..files.identities import Identity, identity_of

POLL_DELAY_MS = 300
OPEN_EVERY_S = 1.0
_MOST_OPENED = 500
_GROWS_WITHIN_NS = 900 * 10**9


async def polled(folder: Path) -> AsyncGenerator[set[Path] | None, None]:
    """An empty set once, then what has changed between one look and the next, or None if nothing.

    A network file system answers from memory what a file looks like, for seconds or a minute, but
    asks its server when the file is opened. So files that grow are opened every second.

    watchfiles can poll too, but compares times in whole seconds: it would miss what is
    appended within the second in which it last looked.
    """
    before = await anyio.to_thread.run_sync(take_identities, folder)
    open_at = 0.0
    yield set()
    while True:
        await anyio.sleep(POLL_DELAY_MS / 1000)
        is_time_to_open = time.monotonic() >= open_at
        if is_time_to_open:
            open_at = time.monotonic() + OPEN_EVERY_S
        growing = growing_files(before) if is_time_to_open else []
        now = await anyio.to_thread.run_sync(take_identities, folder, growing)
        changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        before = now
        yield {Path(path) for path in changed} or None


def take_identities(folder: Path, opened: Iterable[str] = ()) -> dict[str, Identity]:
    """The identity of each file and folder.

    Args:
        opened: those that are opened for it.
    """
    found: dict[str, Identity] = {}
    folders = [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    found[entry.path] = identity_of(status)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError:
            continue  # it went while we looked
    for path in opened:
        identity = _identity_by_opening(path) if path in found else None
        if identity is not None:
            found[path] = identity
    return found


def growing_files(found: dict[str, Identity]) -> list[str]:
    """Those that changed last, by the clock of their server: within a quarter of an hour."""
    newest = max((identity.modified_ns for identity in found.values()), default=0)
    recent = (path for path, one in found.items() if newest - one.modified_ns <= _GROWS_WITHIN_NS)
    return heapq.nlargest(_MOST_OPENED, recent, key=lambda path: found[path].modified_ns)


def _identity_by_opening(path: str) -> Identity | None:
    try:
        fd = open_guarded(path, READ)
    except OSError:
        return None
    try:
        return identity_of(os.fstat(fd))
    finally:
        os.close(fd)
