"""Run a sweep, and note CPU seconds and memory of this process at its start and each tenth.

Usage: sweep_many.py CONFIG LOGDIR N_RUNS N_WORKERS
"""

import json
import sys
import time
from pathlib import Path

from ml_tracking_ops.orchestrator import run_sweep

marks: list[tuple[float, float, int]] = []
n_ended = 0


def resident_kb() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4


def on_event(event: dict[str, object]) -> None:
    global n_ended
    if event["event"] == "started" and not marks:  # the start of the sweep is not part of its runs
        marks.append((time.process_time(), time.perf_counter(), resident_kb()))
    if event["event"] == "ended":
        n_ended += 1
        if n_ended % (n_runs // 10) == 0:
            marks.append((time.process_time(), time.perf_counter(), resident_kb()))


n_runs = int(sys.argv[3])
run_sweep(sys.argv[1], logdir=sys.argv[2], workers=int(sys.argv[4]), seed=1, on_event=on_event)
print(json.dumps({"marks": marks}))
