"""Figure 11: what an idle dashboard costs."""

import time

from suite.browser import browsing
from suite.data import experiments
from suite.measuring import Figure, Options, cpu_s
from suite.server import serving


def measure(options: Options) -> Figure:
    seconds = options.pick(60, 6)
    figure = Figure(
        "idle",
        "11 · idle",
        f"CPU over {seconds} s of the web app over 1,000 experiments × 5 × 10,000 points with a "
        "page open",
    )
    folder = experiments(options.pick(1_000, 50), options.pick(10_000, 1_000))
    with (
        serving(folder) as server,
        browsing("hold", f"{server.address}/experiments", "drawnRuns() > 0") as browser,
    ):
        used = _used(server.pid, seconds)
        browser.communicate("end\n")
    figure.add("web app with a page open, of a core", used, "%", at_most=1)
    return figure


def _used(pid: int, seconds: float) -> float:
    before = cpu_s(pid)
    time.sleep(seconds)
    return (cpu_s(pid) - before) / seconds * 100
