"""Time `add_scalar` and a bare `os.write` of a packed record, a hundred values each in turn.

Usage: own_loops.py FOLDER N_CALLS N_METRICS HAS_THREAD [together]

With `together` the metrics of a step are logged with one call of `add_scalars`.

Rounds are short and in one process, so that other programs disturb both equally.
"""

import json
import os
import struct
import sys
import threading
import time
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

CALLS_A_ROUND = 100


def main() -> None:
    folder, n_calls, n_metrics, has_thread = sys.argv[1], *map(int, sys.argv[2:5])
    measure_own = _together_us if "together" in sys.argv else _own_us
    names = [f"metric {index}" for index in range(n_metrics)]
    os.environ["ML_TRACKING_OPS_RUN_FILE"] = str(Path(folder) / "own.dat")
    logger = ExperimentLogger()
    fd = os.open(Path(folder) / "bare.dat", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    if has_thread:
        threading.Thread(target=_compute, daemon=True).start()
    measure_own(logger, names, CALLS_A_ROUND)
    bare, own = [], []
    calls = size = 0
    for _ in range(n_calls // CALLS_A_ROUND):
        bare.append(_bare_us(fd, CALLS_A_ROUND, n_metrics))
        before = _written()
        own.append(measure_own(logger, names, CALLS_A_ROUND))
        after = _written()
        calls += after[0] - before[0]
        size += after[1] - before[1]
    n_points = len(own) * CALLS_A_ROUND
    print(
        json.dumps(
            {
                "bare_us": bare,
                "own_us": own,
                "calls_a_point": calls / n_points,
                "bytes_a_point": size / n_points,
            }
        )
    )


def _bare_us(fd: int, n_calls: int, n_metrics: int) -> float:
    pack = struct.Struct("<Qqdd").pack
    metrics = range(n_metrics)
    write = os.write
    started = time.perf_counter()
    for step in range(n_calls // n_metrics):
        for metric in metrics:
            write(fd, pack(metric, step, 1.5, 0.25))
    return (time.perf_counter() - started) / (n_calls // n_metrics * n_metrics) * 1e6


def _own_us(logger: ExperimentLogger, names: list[str], n_calls: int) -> float:
    add_scalar = logger.add_scalar
    started = time.perf_counter()
    for step in range(n_calls // len(names)):
        for name in names:
            add_scalar(name, 0.25, step)
    return (time.perf_counter() - started) / (n_calls // len(names) * len(names)) * 1e6


def _together_us(logger: ExperimentLogger, names: list[str], n_calls: int) -> float:
    add_scalars = logger.add_scalars
    started = time.perf_counter()
    for step in range(n_calls // len(names)):
        add_scalars(dict.fromkeys(names, 0.25), step)
    return (time.perf_counter() - started) / (n_calls // len(names) * len(names)) * 1e6


def _written() -> tuple[int, int]:
    """Return the number of writing system calls and the bytes of this process so far (Linux)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    found = dict(line.split(": ") for line in lines)
    return int(found["syscw"]), int(found["wchar"])


def _compute() -> None:
    number = 0
    while True:
        number += 1


main()
