"""How long the tasks of a page's main thread take while its charts are live.

Wall time is what a reader waits for, and includes other programs. CPU time is the page's own.
"""

import json
import subprocess
import sys

from suite.browser import browsing
from suite.machine import describe_machine
from suite.measuring import Figure, Options, percentile
from suite.peers import WORKERS
from suite.scratch import scratch
from suite.server import serving

N_RUNS, N_CHARTS, PACE = 25, 10, 2.0
WIDTH, HEIGHT = 1920, 1400
"""Large enough to show all ten charts."""


def measure(options: Options) -> Figure:
    seconds = options.pick(30, 6)
    figure = Figure(
        "tasks",
        "live charts",
        f"{N_CHARTS} charts in view, each of {N_RUNS} runs that log {PACE:g} values/s, "
        f"for {seconds} s",
    )
    found = _watch(seconds)
    n_drawn = sum(curves == N_RUNS for curves in found["curves"])
    figure.add("charts with all runs", n_drawn, "", at_least=N_CHARTS)
    wall, cpu = ([task[part] for task in found["tasks"]] or [0.0] for part in (0, 1))
    figure.add("longest task, CPU", max(cpu), "ms", at_most=100)
    figure.add("longest task, wall time", max(wall), "ms")
    figure.add("tasks of 20 ms and more, CPU, p95", percentile(cpu, 95), "ms")
    figure.add("tasks of over 100 ms, wall time", sum(one > 100 for one in wall), "")
    figure.add("long tasks by PerformanceObserver", len(found["observed"]), "")
    figure.notes.append(f"load at the end {describe_machine()['load_1_min']}")
    longest = sorted(found["tasks"], key=lambda task: -task[1])[:3]
    figure.notes.append("; ".join(f"{w:.0f} ms, CPU {c:.0f}: {what}" for w, c, what in longest))
    return figure


def _watch(seconds: int) -> dict[str, list[list[float]]]:
    given = [N_RUNS, N_CHARTS, PACE, seconds + 15]
    with scratch() as folder:
        writer = subprocess.Popen(
            [sys.executable, WORKERS / "log_at_pace.py", folder, *map(str, given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == "ready\n"
        with (
            serving(folder) as server,
            browsing(
                "tasks", f"{server.address}/experiments?newest={N_RUNS}", seconds, WIDTH, HEIGHT
            ) as browser,
        ):
            writer.stdin.write("go\n")
            writer.stdin.flush()
            answer, _ = browser.communicate()
        writer.communicate()
    return json.loads(answer.splitlines()[-1])
