"""Figure 5, runs of one second, as in a benchmark that Ray publishes for Ray Tune.

Ray runs 10,000 trials of one second with one result each on 16 CPUs in 715 s. The least possible
time is 625 s. Here it is scaled to two CPUs and a minute.
"""

import subprocess
import sys
import time
from pathlib import Path

from suite.measuring import Figure, Options
from suite.peers import PeerMissingError, python_of, run_worker, version_of
from suite.scratch import scratch
from suite.sweeps import read_journal, write_config

N_WORKERS = 2
RAY_PUBLISHED = 715.27 / 625


def measure(options: Options) -> Figure:
    n_runs = options.pick(120, 8)
    least_s = n_runs / N_WORKERS
    figure = Figure(
        "seconds",
        "5 · runs of one second",
        f"{n_runs} runs that sleep for one second and log one value, {N_WORKERS} at once; the "
        f"least possible time is {least_s:g} s. Whole programs, and Ray without its start",
    )
    ours, theirs = [], []
    for _ in range(options.pick(2, 1)):
        ours.append(_sweep_s(n_runs))
        theirs += _ray_s(figure, n_runs) if options.with_peers else []
    at_least = "the least possible"
    figure.add("here", ours, "s", against=[least_s for _ in ours], yardstick=at_least)
    if theirs:
        whole, without_start = zip(*theirs, strict=True)
        figure.add("Ray Tune", whole, "s", against=[least_s for _ in whole], yardstick=at_least)
        figure.add(
            "… without starting Ray",
            without_start,
            "s",
            against=[least_s for _ in whole],
            yardstick=at_least,
        )
        figure.notes.append(f"Ray {version_of('ray')}")
    figure.notes.append(f"Ray's own figure, on 16 CPUs: {RAY_PUBLISHED:.3f} × the least possible")
    return figure


def _sweep_s(n_runs: int) -> float:
    with scratch() as folder:
        config = write_config(folder, "one_second", n_runs)
        command = [
            Path(sys.executable).parent / "ml-tracking-ops",
            "sweep",
            config,
            f"--logdir={folder / 'runs'}",
            f"--workers={N_WORKERS}",
        ]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        ends = [one for one in read_journal(folder / "runs") if one["event"] == "ended"]
        assert [one["state"] for one in ends] == ["finished"] * n_runs
        return seconds


def _ray_s(figure: Figure, n_runs: int) -> list[tuple[float, float]]:
    """Return the seconds of the program, and without the start of Ray, or nothing if it fails."""
    try:
        with scratch() as folder:
            found = run_worker(
                python_of("ray"), "ray_trials", folder, n_runs, N_WORKERS, timeout_s=600
            )
    except PeerMissingError as error:
        figure.notes.append(f"left out: Ray: {error}")
        return []
    return [(found["seconds"], found["seconds"] - found["ready_s"])]
