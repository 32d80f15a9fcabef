"""TensorBoard's page and ours of the same ten runs, in the same Chromium.

Ten runs, because TensorBoard draws nothing by itself if there are more than forty.
"""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.browser import browse
from suite.data import experiments, tensorboard_runs
from suite.measuring import Figure, Options, cpu_s, resident_mb
from suite.peers import PeerMissingError, python_of
from suite.server import Server, serving

_OURS = "drawnRuns() > 0"
_THEIRS = """[...document.querySelectorAll("scalar-card")].some((card) =>
  card.querySelector("line-chart canvas") && card.querySelector("line-chart-axis text")
  && !card.querySelector("mat-spinner"))"""
_UP_WITHIN_S = 60


def measure(figure: Figure, options: Options) -> None:
    try:
        python = python_of("tensorboard")
        logs = tensorboard_runs(10, 1_000)
    except PeerMissingError as error:
        figure.notes.append(f"left out: TensorBoard's pages: {error}")
        return
    ours, theirs = [], []
    for _ in range(options.pick(3, 1)):  # in turn
        with serving(experiments(10, 1_000)) as server:
            ours.append(_loads(server, f"{server.address}/experiments", _OURS))
        with tensorboard(python, logs) as server:
            theirs.append(_loads(server, f"{server.address}/#timeseries", _THEIRS))
    what = "beside TensorBoard, 10 runs × 5 × 1,000"
    for name, unit in _UNITS.items():
        for whose, found in (("ours", ours), ("TensorBoard", theirs)):
            samples = [one for round_ in found for one in round_[name]]
            figure.add(f"{what}: {name}, {whose}", samples, unit)


_UNITS = {
    "server up": "s",
    "first chart, cold": "s",
    "first chart, warm": "s",
    "on the wire, cold": "MB",
    "on the wire, warm": "MB",
    "server CPU, warm load": "s",
    "server resident": "MB",
    "idle, no page open": "CPU s/min",
}


def _loads(server: Server, address: str, condition: str) -> dict[str, list[float]]:
    found = browse("load", address, condition, condition, 3, server.pid)
    (cold, *warm), (cold_bytes, warm_bytes) = found["loads"], found["counted"]
    before, began = _cpu_s(server.pid), time.monotonic()
    time.sleep(10)
    idle = (_cpu_s(server.pid) - before) / (time.monotonic() - began) * 60
    return {
        "server up": [server.up_s],
        "first chart, cold": [cold["first_ms"] / 1e3],
        "first chart, warm": [one["first_ms"] / 1e3 for one in warm],
        "on the wire, cold": [cold_bytes["bytes"] / 1e6],
        "on the wire, warm": [warm_bytes["bytes"] / 1e6],
        "server CPU, warm load": [one["server_cpu_s"] for one in warm],
        "server resident": [sum(map(resident_mb, processes(server.pid)))],
        "idle, no page open": [idle],
    }


def processes(pid: int) -> list[int]:
    """TensorBoard reads its logs in a process of its own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def _cpu_s(pid: int) -> float:
    return sum(map(cpu_s, processes(pid)))


@contextmanager
def tensorboard(python: Path, logdir: Path) -> Iterator[Server]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [python, "-m", "tensorboard.main", f"--logdir={logdir}", "--host=127.0.0.1", "--port=0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield Server(found[0], process.pid, time.perf_counter() - began)
                break
        else:
            raise PeerMissingError("tensorboard did not start")
    finally:
        process.terminate()
        process.wait(_UP_WITHIN_S)
        if process.stderr:
            process.stderr.close()
