"""Figure 7: from add_scalar to the point drawn in Chromium."""

import json
import subprocess
import sys

from suite.browser import browsing
from suite.measuring import Figure, Options, percentile
from suite.peers import WORKERS
from suite.scratch import scratch
from suite.server import serving

N_RUNS, N_METRICS, PACE = 8, 5, 20.0
INFORMATION_BYTES = 32
"""Size of a point: metric, step, wall time and value, eight bytes each, as in the log."""


def measure(options: Options) -> Figure:
    seconds = options.pick(30, 6)
    figure = Figure(
        "live",
        "7 · live",
        f"{N_RUNS} runs × {N_METRICS} metrics × {PACE:g} points/s for {seconds} s on one page; "
        "from add_scalar to the end of the frame that drew the point",
    )
    found, n_logged = _watch(seconds)
    figure.add("p50", percentile(found["lags"], 50), "ms", at_most=60)
    figure.add("p95", percentile(found["lags"], 95), "ms", at_most=150)
    figure.add("all points", found["lags"], "ms")
    a_point = found["bytes"] / max(1, found["nPoints"])
    figure.add("pushed a point", a_point, "bytes", at_most=3 * INFORMATION_BYTES)
    again = [url for url in found["fetched"] if "/api/series" in url or "/api/points" in url]
    figure.add("points fetched again", len(again), "requests", at_most=0)
    figure.add("points logged and not drawn in the end", n_logged - found["drawn"], "", at_most=0)
    figure.add("frame to frame, p95", percentile(found["frames"], 95), "ms")
    figure.add("long tasks (50 ms and more)", len(found["longTasks"]), "")
    others = [url for url in found["fetched"] if "/events" not in url and url not in again]
    figure.notes.append(f"{len(others)} other requests, when the runs ended and the list changed")
    return figure


def _watch(seconds: int) -> tuple[dict[str, list[float]], int]:
    with scratch() as folder:
        writer = subprocess.Popen(
            [
                sys.executable,
                WORKERS / "log_at_pace.py",
                str(folder),
                str(N_RUNS),
                str(N_METRICS),
                str(PACE),
                str(seconds),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == "ready\n"
        address = "/experiments?newest=8"
        with (
            serving(folder) as server,
            browsing("live", server.address + address, seconds + 4) as browser,
        ):
            writer.communicate("go\n")
            answer, _ = browser.communicate()
    n_logged = N_RUNS * N_METRICS * (1 + int(PACE * seconds))
    return json.loads(answer.splitlines()[-1]), n_logged
