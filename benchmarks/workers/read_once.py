"""Read a log twice. Usage: read_once.py own|numpy FILE"""

import json
import resource
import sys
import time

_BEGAN = time.perf_counter()

import numpy as np  # noqa: E402

from ml_tracking_ops.logger import read_log  # noqa: E402

_IMPORT_S = time.perf_counter() - _BEGAN


def own(path: str) -> int:
    log = read_log(path)
    return sum(len(log[name].value) for name in log)


def by_numpy(path: str) -> int:
    """Read with `numpy.fromfile`, and split by metric without verifying anything."""
    rows = np.fromfile(path, "<u8", offset=32).reshape(-1, 4)
    keys = rows[:, 0] & np.uint64(~(0xFFFFF << 4) & 0xFFFFFFFFFFFFFFFF)  # without the checksum
    kinds = np.unique(keys[:1000])
    n_points = 0
    for key in kinds[kinds & np.uint64(0xF) == 1]:
        mine = rows[np.flatnonzero(keys == key)]
        columns = [np.ascontiguousarray(mine[:, index]) for index in (1, 2, 3)]
        n_points += len(columns[0])
    return n_points


def main() -> None:
    how, path = sys.argv[1:]
    read = own if how == "own" else by_numpy
    started = time.perf_counter()
    n_points = read(path)
    seconds = time.perf_counter() - started
    found = {"seconds": seconds, "n_points": n_points, "import_s": _IMPORT_S}
    found["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    started = time.perf_counter()
    read(path)
    print(json.dumps({**found, "again_s": time.perf_counter() - started}))


main()
