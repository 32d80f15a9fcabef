"""Figure 11, the orchestrator: the CPU time of waiting for quiet runs."""

import contextlib
import subprocess
import time
from collections.abc import Iterator

from suite.measuring import Figure, Options, children_of, cpu_ns
from suite.scratch import scratch
from suite.server import COMMAND
from suite.sweeps import write_config

N_QUIET = 8


def measure(options: Options) -> Figure:
    seconds = options.pick(60, 6)
    figure = Figure(
        "waiting",
        "11 · an orchestrator that waits",
        f"CPU over {seconds} s of an orchestrator with {N_QUIET} quiet runs, and of its "
        "supervisor, from the scheduler's own count",
    )
    with _waiting_sweep() as pid:
        (supervisor,) = children_of(pid)
        before = cpu_ns(pid), cpu_ns(supervisor)
        time.sleep(seconds)
        own, others = cpu_ns(pid) - before[0], cpu_ns(supervisor) - before[1]
    figure.add(
        "orchestrator and supervisor, of a core", (own + others) / seconds / 1e7, "%", at_most=1
    )
    figure.add("… the supervisor alone", others / seconds / 1e7, "%")
    return figure


@contextlib.contextmanager
def _waiting_sweep() -> Iterator[int]:
    """Yield the pid of an orchestrator whose runs have all logged their one value."""
    with scratch() as folder:
        config = write_config(folder, "quiet", N_QUIET)
        logdir = folder / "runs"
        process = subprocess.Popen(
            [COMMAND, "sweep", config, f"--logdir={logdir}", f"--workers={N_QUIET}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while sum(one.stat().st_size > 64 for one in logdir.glob("*/*.dat")) < N_QUIET:
                assert process.poll() is None, "the sweep ended"
                time.sleep(0.1)
            time.sleep(2)
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)
