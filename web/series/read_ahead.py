"""Work that is done while no requests come: the newest logs are read before anybody asks for them,
so that their charts appear at once."""

import heapq
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import anyio
import anyio.to_thread

from ml_tracking_ops.orchestrator.store.catalog import Catalog

from ..runs.catalog_access import SharedCatalog
from ..serving.activity import Activity
from .digests.log_digests import LogDigests, files_of

MOST_LOGS = 1_000
MOST_BYTES = 256 << 20
MOST_BYTES_A_LOG = 32 << 20
"""With its other event files, or the logs of earlier attempts."""

_SETTLED_S = 60.0
QUIET_S = 0.25
"""How long no request may have come before logs are read ahead."""

_A_TURN_S = 0.02
_AGAIN_AFTER_S = 300.0


class ReadAhead:
    """Puts the digests of the newest logs into the user's cache while no requests come.

    Logs that still grow, very large ones, and those whose digest is there are left alone.

    Args:
        digests: without a cache nothing is read ahead.
    """

    def __init__(self, catalog: SharedCatalog, digests: LogDigests, activity: Activity) -> None:
        self._catalog = catalog
        self._digests = digests
        self._activity = activity

    async def run(self) -> None:
        """Read ahead after the first answer, and every five minutes what has become settled.

        How logs end is saved too.
        """
        if not self._digests.are_kept:
            return
        while True:
            await self._activity.wait_until_quiet(QUIET_S)
            await self._catalog.save_endings()
            paths = await self._catalog.use(newest_logs, refresh=False)
            await self._prepare(wanted(paths))
            await anyio.sleep(_AGAIN_AFTER_S)

    async def _prepare(self, paths: Iterator[Path]) -> None:
        alone = anyio.CapacityLimiter(1)
        has_more = True
        while has_more:
            await self._activity.wait_until_quiet(QUIET_S)
            has_more = await anyio.to_thread.run_sync(self._prepare_some, paths, limiter=alone)

    def _prepare_some(self, paths: Iterator[Path]) -> bool:
        """Prepare logs for a short time, and return whether there may be more."""
        until = time.monotonic() + _A_TURN_S
        while time.monotonic() < until:
            path = next(paths, None)
            if path is None or not self._prepare_one(path):
                return False
        return True

    def _prepare_one(self, path: Path) -> bool:
        """Return whether the cache takes more."""
        try:
            return self._digests.prepare(path)
        except Exception:  # noqa: BLE001 - a stranger's file. A request for it shows the error
            return True


def newest_logs(catalog: Catalog, most: int = MOST_LOGS) -> list[Path]:
    """Return the logs of experiments and of the runs of sweeps, newest first."""
    experiments = ((-one.started_at, one.dat_path) for one in catalog.experiments.values())
    runs = (
        (-sweep.started_at, path)
        for sweep in catalog.sweeps.values()
        for run in sweep.record.runs.values()
        if (path := sweep.dat_path(run)) is not None
    )
    merged = heapq.merge(experiments, runs, key=lambda one: one[0])
    return [path for _, path in islice(merged, most)]


def wanted(
    paths: Iterable[Path],
    most_bytes: int = MOST_BYTES,
    most_bytes_a_log: int = MOST_BYTES_A_LOG,
) -> Iterator[Path]:
    """Yield logs that no longer change, up to `most_bytes` in total."""
    left = most_bytes
    for path in paths:
        files = files_of(path)
        if files is None:
            continue
        size_bytes = sum(one.size_bytes for one in files)
        modified_at = max(one.modified_ns for one in files) / 1e9
        if size_bytes > most_bytes_a_log or time.time() - modified_at < _SETTLED_S:
            continue
        left -= size_bytes
        if left < 0:
            return
        yield path
