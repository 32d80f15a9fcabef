"""Figure 4: the delay of a reader that follows running logs, and its CPU time."""

import json
import subprocess
import sys
import time
from pathlib import Path

from suite.logs import write_log
from suite.measuring import Figure, Options, percentile
from suite.peers import WORKERS
from suite.scratch import scratch

from ml_tracking_ops.logger import LogTail
from ml_tracking_ops.orchestrator.store.watching.watcher import PAUSE_TO_WORK, URGENT_PAUSE_TO_WORK

CASES = (
    (8, 100.0, PAUSE_TO_WORK, 5),
    (64, 5.0, PAUSE_TO_WORK, 5),
    (1, 100_000.0, PAUSE_TO_WORK, None),
    (8, 100.0, URGENT_PAUSE_TO_WORK, None),
)
"""Runs, values a second, how the reader follows, and the target of its CPU in percent."""


def measure(options: Options) -> Figure:
    seconds = options.pick(20, 4)
    figure = Figure(
        "tail",
        "4 · tailing",
        f"the orchestrator's watcher and tails in one process, the loggers in another, {seconds} s",
    )
    for n_runs, pace, pause_to_work, most_cpu in CASES:
        found = _follow(n_runs, pace, seconds, pause_to_work)
        what = f"{n_runs} run{'s' * (n_runs > 1)} at {pace:,.0f} values/s"
        if pause_to_work == URGENT_PAUSE_TO_WORK:
            what += ", with early stopping"
        behind = found["behind_ms"]
        figure.add(f"{what}: behind, p50", percentile(behind, 50), "ms")
        figure.add(f"{what}: behind, p99", percentile(behind, 99), "ms")
        figure.add(f"{what}: behind, at most", found["max_ms"], "ms", at_most=100)
        figure.add(f"{what}: of a core", found["cpu"] * 100, "%", at_most=most_cpu)
        reached = found["n_points"] / seconds / n_runs
        figure.notes.append(f"{what}: {reached:,.0f} values/s came; {found['n_looks']} looks")
    _growth(figure)
    return figure


def _follow(n_runs: int, pace: float, seconds: float, pause_to_work: float) -> dict[str, object]:
    with scratch() as folder:
        writer = subprocess.Popen(
            [
                sys.executable,
                WORKERS / "log_at_pace.py",
                str(folder),
                str(n_runs),
                "1",
                str(pace),
                str(seconds),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        _wait_ready(writer)
        tail = subprocess.Popen(
            [
                sys.executable,
                WORKERS / "tail_all.py",
                str(folder),
                str(seconds + 2),
                str(pause_to_work),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        _wait_ready(tail)
        time.sleep(0.5)
        writer.communicate("go\n")
        answer, _ = tail.communicate()
        found: dict[str, object] = json.loads(answer.splitlines()[-1])
        return found


def _wait_ready(process: "subprocess.Popen[str]") -> None:
    line = process.stdout.readline() if process.stdout else ""
    assert line == "ready\n", "the process did not get ready"


def _growth(figure: Figure) -> None:
    """Measure a look at one new record in a small and a large file."""
    small, large = [], []
    with scratch() as folder:
        for n_steps, samples in ((1_000, small), (400_000, large)):
            path = folder / f"{n_steps}.dat"
            write_log(path, n_steps, is_closed=False)
            samples += _looks_us(path)
    figure.add(
        "a look at one new value, file of 64 MB",
        large,
        "µs",
        against=small,
        yardstick="a file of 160 kB",
        at_most=1.25,
        of_ratio=True,
    )


def _looks_us(path: Path) -> list[float]:
    record = path.read_bytes()[-32:]
    tail = LogTail(path)
    while tail.read().has_more:
        pass
    found = []
    with path.open("ab", buffering=0) as file:
        for _ in range(300):
            file.write(record)
            began = time.perf_counter()
            assert tail.read().series, "the value did not come"
            found.append((time.perf_counter() - began) * 1e6)
    return found
