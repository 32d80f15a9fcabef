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
    rows = np.fromfile(path, "<u8", offset=32).reshape(-1, 4)
    keys = rows[:, 0] & np.uint64(~(0xFFFFF << 4) & 0xFFFFFFFFFFFFFFFF)  # but for the checksum
    kinds = np.unique(keys[:1000])
    n_points = 0
    for key in kinds[kinds & np.uint64(0xF) == 1]:
        mine = rows[np.flatnonzero(keys == key)]
        columns = [np.ascontiguousarray(mine[:, index]) for index in (1, 2, 3)]
        n_points += len(columns[0])
    return n_points


def main() -> None:
    how, path = sys.argv[1:]
    started = time.perf_counter()
    n_points = (own if how == "own" else by_numpy)(path)
    seconds = time.perf_counter() - started
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "n_points": n_points, "peak_bytes": peak_bytes}))


main()
