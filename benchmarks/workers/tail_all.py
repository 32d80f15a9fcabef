"""Follow every log in a folder with the watcher and the tails of the orchestrator.

Usage: tail_all.py LOGDIR SECONDS PAUSE_TO_WORK

Prints "ready" once it follows, then the delay of each value and the CPU time.
"""

import json
import os
import sys
import time
from contextlib import aclosing
from pathlib import Path

import anyio

from ml_tracking_ops.logger.reading.reader import LogTail
from ml_tracking_ops.orchestrator.store.watching.watcher import URGENT_PAUSE_TO_WORK, watch_files

N_SAMPLES = 10_000


async def main() -> None:
    logdir, seconds, pause_to_work = Path(sys.argv[1]), *map(float, sys.argv[2:])
    tails = {path: LogTail(path) for path in logdir.glob("*/*.dat")}
    sizes = {path: path.stat().st_size for path in tails}
    for tail in tails.values():
        while tail.read().has_more:
            pass
    is_urgent = pause_to_work == URGENT_PAUSE_TO_WORK
    awaited = tails.keys if is_urgent else tuple
    behind_ms: list[float] = []
    n_points = n_looks = 0
    print("ready", flush=True)
    began, began_cpu = time.monotonic(), time.process_time()
    with anyio.move_on_after(seconds):
        async with aclosing(
            watch_files(logdir, pause_to_work=pause_to_work, awaited=awaited)
        ) as changes:
            async for changed in changes:
                for path in changed & tails.keys():
                    has_more = True
                    while has_more:
                        batch = tails[path].read()
                        has_more = batch.has_more
                        n_looks += 1
                        now = time.time()
                        for series in batch.series.values():
                            n_points += len(series)
                            behind_ms.append((now - float(series.wall_time[0])) * 1e3)
    cpu = (time.process_time() - began_cpu) / (time.monotonic() - began)
    os.write(
        1,
        json.dumps(
            {
                "behind_ms": behind_ms[-N_SAMPLES:],
                "max_ms": max(behind_ms),
                "cpu": cpu,
                "n_points": n_points,
                "n_looks": n_looks,
                "before_bytes": sum(sizes.values()),
            }
        ).encode()
        + b"\n",
    )


anyio.run(main)
