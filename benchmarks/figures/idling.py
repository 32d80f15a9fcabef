"""Figure 11: what waiting costs."""

import subprocess
import time

from suite.browser import browsing
from suite.data import experiments
from suite.measuring import Figure, Options, cpu_s
from suite.scratch import scratch
from suite.server import COMMAND, serving
from suite.sweeps import write_config

N_QUIET = 8


def measure(options: Options) -> Figure:
    seconds = options.pick(60, 6)
    figure = Figure(
        "idle",
        "11 · idle",
        f"CPU over {seconds} s of the web app over 1,000 experiments × 5 × 10,000 points with a "
        f"page open, and of an orchestrator with {N_QUIET} quiet runs",
    )
    folder = experiments(options.pick(1_000, 50), options.pick(10_000, 1_000))
    with (
        serving(folder) as server,
        browsing("hold", f"{server.address}/experiments", "drawnRuns() > 0") as browser,
    ):
        used = _used(server.pid, seconds)
        browser.communicate("end\n")
    figure.add("web app with a page open, of a core", used, "%", at_most=1)
    figure.add("orchestrator with 8 quiet runs, of a core", _orchestrator(seconds), "%", at_most=1)
    return figure


def _used(pid: int, seconds: float) -> float:
    before = cpu_s(pid)
    time.sleep(seconds)
    return (cpu_s(pid) - before) / seconds * 100


def _orchestrator(seconds: float) -> float:
    with scratch() as folder:
        config = write_config(folder, "quiet", N_QUIET)
        logdir = folder / "runs"
        process = subprocess.Popen(
            [COMMAND, "sweep", config, f"--logdir={logdir}", f"--workers={N_QUIET}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while sum(one.stat().st_size > 64 for one in logdir.glob("*/*.dat")) < N_QUIET:
                assert process.poll() is None, "the sweep ended"
                time.sleep(0.1)
            time.sleep(2)
            return _used(process.pid, seconds)
        finally:
            process.terminate()
            process.wait(30)
