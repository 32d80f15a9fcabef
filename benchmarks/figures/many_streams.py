"""Figure 8: hundreds of streams on one server."""

import json
import subprocess
import sys
import time
from pathlib import Path

from suite.measuring import Figure, Options, cpu_s, percentile, resident_mb
from suite.peers import WORKERS
from suite.scratch import scratch
from suite.server import Server, serving

PACE, N_METRICS = 5.0, 2
FLOOD_PACE = 20_000.0


def measure(options: Options) -> Figure:
    n_streams, seconds = options.pick(500, 50), options.pick(20, 5)
    figure = Figure(
        "streams",
        "8 · many streams",
        f"{n_streams} streams of one run that logs {N_METRICS} metrics {PACE:g} times a second for "
        f"{seconds} s; clients in one process, from add_scalar to the parsed event",
    )
    with scratch() as folder:
        writer = _writer(folder, N_METRICS, PACE, seconds)
        with serving(folder) as server:
            streams = _streams(server, folder, n_streams, seconds + 3, has_stalled=False)
            before = cpu_s(server.pid)
            writer.communicate("go\n")
            found = json.loads(streams.communicate()[0].splitlines()[-1])
            used = cpu_s(server.pid) - before
            resident = resident_mb(server.pid)
    n_points = int(PACE * seconds) * N_METRICS
    missing = sum(n_points - count for count in found["counts"])
    figure.add("points that did not arrive", missing, "", at_most=0)
    figure.add("p50", percentile(found["delays_ms"], 50), "ms")
    figure.add("p95", percentile(found["delays_ms"], 95), "ms", at_most=250)
    figure.add("at most", max(found["delays_ms"]), "ms")
    figure.add("server CPU, of a core", used / (seconds + 3) * 100, "%")
    figure.add("server resident", resident, "MB")
    _stalled(figure, options)
    figure.notes.append("tests/web/live/test_events.py counts that an update is encoded once")
    return figure


def _stalled(figure: Figure, options: Options) -> None:
    """Measure the memory that a reader costs that stops reading, while many points arrive."""
    seconds = options.pick(15, 5)
    grown = []
    for has_stalled in (False, True):
        with scratch() as folder:
            writer = _writer(folder, 5, FLOOD_PACE, seconds)
            with serving(folder) as server:
                streams = _streams(server, folder, 1, seconds + 2, has_stalled=has_stalled)
                time.sleep(1)
                before = resident_mb(server.pid)
                writer.stdin.write("go\n")  # type: ignore[union-attr]
                writer.stdin.flush()  # type: ignore[union-attr]
                time.sleep(seconds)
                grown.append(resident_mb(server.pid) - before)
                streams.communicate()
            writer.communicate()
    figure.add("memory grown in a flood", grown[0], "MB")
    figure.add("… with one more stalled reader", grown[1], "MB")
    figure.add("a stalled reader costs", max(0.0, grown[1] - grown[0]), "MB", at_most=1)


def _writer(folder: Path, n_metrics: int, pace: float, seconds: int) -> "subprocess.Popen[str]":
    writer = subprocess.Popen(
        [
            sys.executable,
            WORKERS / "log_at_pace.py",
            str(folder),
            "1",
            str(n_metrics),
            str(pace),
            str(seconds),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def _streams(
    server: Server, folder: Path, n_streams: int, seconds: float, *, has_stalled: bool
) -> "subprocess.Popen[str]":
    (dat,) = folder.glob("*/*.dat")
    cursor = dat.stat().st_size
    streams = subprocess.Popen(
        [
            sys.executable,
            WORKERS / "many_streams.py",
            server.address,
            dat.stem,
            str(n_streams),
            str(seconds),
            str(int(has_stalled)),
            str(cursor),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert streams.stdout is not None
    assert streams.stdout.readline() == "ready\n"
    return streams
