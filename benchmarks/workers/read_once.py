"""Read a log once. Usage: read_once.py own|numpy FILE"""

import json
import resource
import sys
import time

import numpy as np

from ml_tracking_ops.logger import read_log


def own(path: str) -> int:
    log = read_log(path)
    return sum(len(log[name].value) for name in log)


def by_numpy(path: str) -> int:
    """`numpy.fromfile`, and the split by metric; nothing is verified."""
    kind = np.dtype([("head", "<u8"), ("step", "<i8"), ("wall_time", "<f8"), ("value", "<f8")])
    rows = np.fromfile(path, kind, offset=32)
    rows = rows[rows["head"] & 0xF == 1]
    ids = rows["head"] >> np.uint64(24)
    n_points = 0
    for identifier in np.unique(ids[:1000]):
        mine = ids == identifier
        columns = [rows[name][mine] for name in ("step", "wall_time", "value")]
        n_points += len(columns[2])
    return n_points


def main() -> None:
    how, path = sys.argv[1:]
    started = time.perf_counter()
    n_points = (own if how == "own" else by_numpy)(path)
    seconds = time.perf_counter() - started
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "n_points": n_points, "peak_bytes": peak_bytes}))


main()
