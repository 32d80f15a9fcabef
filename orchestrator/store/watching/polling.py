"""Poll all files of a folder, if the kernel reports no changes."""

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
_PAUSE_TO_LOOK = 9.0


async def polled(folder: Path) -> AsyncGenerator[set[Path] | None, None]:
    """Yield an empty set once, then the changes between one poll and the next, or None without any.

    A network file system answers from memory for seconds or a minute, but asks its server when the
    file is opened. So files that grow are opened every second.

    watchfiles can poll too, but compares times in whole seconds: it would miss what is
    appended within the second in which it last looked.

    A folder with very many files is looked at less often, for a tenth of the time at most.
    """
    before = await anyio.to_thread.run_sync(take_identities, folder)
    open_at = 0.0
    yield set()
    took_s = 0.0
    while True:
        await anyio.sleep(max(POLL_DELAY_MS / 1000, took_s * _PAUSE_TO_LOOK))
        is_time_to_open = time.monotonic() >= open_at
        if is_time_to_open:
            open_at = time.monotonic() + OPEN_EVERY_S
        growing = growing_files(before) if is_time_to_open else []
        began = time.monotonic()
        now = await anyio.to_thread.run_sync(take_identities, folder, growing)
        took_s = time.monotonic() - began
        changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
        before = now
        yield {Path(path) for path in changed} or None


def take_identities(folder: Path, opened: Iterable[str] = ()) -> dict[str, Identity]:
    """Return the identity of each file and folder.

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
            continue  # it was deleted while we looked
    for path in opened:
        identity = _identity_by_opening(path) if path in found else None
        if identity is not None:
            found[path] = identity
    return found


def growing_files(found: dict[str, Identity]) -> list[str]:
    """Return those that changed last, by the clock of their server: within a quarter of an hour."""
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
