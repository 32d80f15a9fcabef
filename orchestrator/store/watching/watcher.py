"""File events under a folder, within milliseconds of their cause.

An event means "look", never what changed. The first item is an empty set, yielded once the watcher
listens, so that a caller starts the watcher, then scans, then reads from its offsets. An empty set
later on means "scan again": the folder was created, deleted or replaced.

A pause follows each item, in proportion to the CPU time that its reader took: events during it come
together in the next item. So a reader takes no more than a small share of a core, however much is
written, and is never far behind either.
"""

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from ml_tracking_ops.logger.file_systems import is_on_network

from ..files.identities import identify
from .awaited_files import AwaitedFiles
from .kernel import KernelWatch, NoWatchError
from .polling import POLL_DELAY_MS, polled

LEAST_PAUSE_S = 0.012
MOST_PAUSE_S = 0.055
PAUSE_TO_WORK = 80.0
URGENT_PAUSE_TO_WORK = 16.0
"""For a reader that somebody waits for: a quarter of the delay, for two and a half times the
CPU."""
_STEPS_MS = ((1, 100), (16, 2_000))
"""How often to look for events, and how many times without any before the next longer step."""
QUIET_STEP_MS = 40
"""Each step wakes a thread: after a silence of seconds a longer one costs less."""
_LOOK_AGAIN_MS = 4_000
logger = logging.getLogger(__name__)


async def watch_files(
    folder: Path,
    *,
    poll: bool | None = None,
    quiet_step_ms: int = QUIET_STEP_MS,
    pause_to_work: float = PAUSE_TO_WORK,
    least_pause_s: float = LEAST_PAUSE_S,
    awaited: Callable[[], Iterable[Path]] = tuple,
) -> AsyncGenerator[set[Path], None]:
    """Yield sets of paths under `folder` (recursively) in which something happened.

    Args:
        folder: watched as soon as it exists. It may be created later, deleted, and created again.
        poll: poll every `POLL_DELAY_MS` instead of asking the kernel. `None` decides: poll on
            network file systems, where the kernel does not see what other machines write, and if
            the kernel's watches have run out (with one warning).
        quiet_step_ms: how late the first event after a silence of seconds may be reported.
        pause_to_work: how long to pause after an item, in CPU times of its reader, within
            `least_pause_s` and `MOST_PAUSE_S`.
        awaited: the files that somebody waits for, as they are now. While they grow they are
            checked directly, and the kernel is asked ten times a second what else happened. After
            two seconds of this it is not asked at all: what else is to be noticed must be among
            them.
    """
    while True:
        watched = _file_at(folder)
        if watched is None:
            yield set()
            await _wait_until_exists(folder)
            continue
        # adding the watches of a thousand folders takes a while
        watch = await anyio.to_thread.run_sync(_open_watch, folder, poll)
        reopen = partial(anyio.to_thread.run_sync, _open_watch, folder, poll)
        changes = (
            polled(folder)
            if watch is None
            else _notified(
                watch, reopen, quiet_step_ms, pause_to_work, least_pause_s, AwaitedFiles(awaited)
            )
        )
        async with aclosing(changes):
            async for paths in changes:
                if paths is not None:
                    yield paths
                if _file_at(folder) != watched:
                    break


async def _notified(
    watch: KernelWatch | None,
    reopen: Callable[[], Awaitable[KernelWatch | None]],
    quiet_step_ms: int,
    pause_to_work: float,
    least_pause_s: float,
    awaited: AwaitedFiles,
) -> AsyncGenerator[set[Path] | None, None]:
    """Yield an empty set once, then what the kernel reports, or None if nothing happened for a
    while.

    While the awaited files grow steadily there is no watch: a thread of it takes in every event.
    """
    steps_ms = (*_STEPS_MS, (quiet_step_ms, _LOOK_AGAIN_MS))
    n_silent, look_at = 0, 0.0
    try:
        yield set()
        while True:
            # without a waiting thread: events come together meanwhile
            await anyio.sleep(max(0.0, look_at - time.monotonic()))
            changed = awaited.changed()
            if awaited.is_steady and watch is not None:
                watch.close()
                watch = None
            elif watch is None and not awaited.is_steady:
                watch = await reopen()
                if watch is None:
                    return
                yield set()
            elif watch is not None and (not changed or awaited.is_time_to_ask):
                reported = await watch.wait(*steps_ms[min(n_silent, len(steps_ms) - 1)])
                n_silent = 0 if reported else n_silent + 1
                changed |= awaited.take_in(reported or set())
            began = time.thread_time()
            yield changed or None
            pause_s = (time.thread_time() - began) * pause_to_work
            look_at = time.monotonic() + min(max(pause_s, least_pause_s), MOST_PAUSE_S)
    finally:
        if watch is not None:
            watch.close()


# A folder that does not exist yet cannot be watched, only polled for.
async def _wait_until_exists(folder: Path) -> None:
    while _file_at(folder) is None:  # noqa: ASYNC110
        await anyio.sleep(POLL_DELAY_MS / 1000)


def _file_at(folder: Path) -> tuple[int, int] | None:
    """Return a value that differs when another folder has taken the place of this one."""
    identity = identify(folder)
    return None if identity is None else identity.file


def _open_watch(folder: Path, poll: bool | None) -> KernelWatch | None:
    """Return the kernel's watch, or None to poll: as requested, or because the kernel gives
    none."""
    if is_on_network(folder) if poll is None else poll:
        return None
    try:
        return KernelWatch(folder)
    except FileNotFoundError:
        return None  # deleted again: polling will find that out
    except NoWatchError as error:
        logger.warning(
            "%s: the kernel has no more file watches (%s). Polling every %d ms instead. "
            "To fix this, raise fs.inotify.max_user_watches.",
            folder,
            error,
            POLL_DELAY_MS,
        )
        return None
