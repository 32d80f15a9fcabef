"""Figure 5, a long sweep: whether its last runs cost as much as its first."""

from itertools import pairwise

from suite.measuring import Figure, Options
from suite.peers import OWN_PYTHON, run_worker
from suite.scratch import scratch
from suite.sweeps import write_config

N_WORKERS = 2


def measure(options: Options) -> Figure:
    n_runs = options.pick(5_000, 100)
    figure = Figure(
        "long",
        "5 · a long sweep",
        f"{n_runs:,} runs of an empty Python script, {N_WORKERS} workers; CPU of the orchestrator, "
        "without its runs, in each tenth",
    )
    with scratch() as folder:
        config = write_config(folder, "nothing", n_runs)
        marks = run_worker(
            OWN_PYTHON, "sweep_many", config, folder / "runs", n_runs, N_WORKERS, timeout_s=1800
        )["marks"]
    cpu = [(after[0] - before[0]) / (n_runs / 10) * 1e3 for before, after in pairwise(marks)]
    figure.add(f"{n_runs:,} runs: CPU a run, the first tenth", cpu[0], "ms")
    figure.add("… the last tenth", cpu[-1], "ms")
    figure.add("… last ÷ first", cpu[-1] / cpu[0], "×", at_most=1.1)
    wall = [(after[1] - before[1]) / (n_runs / 10) * 1e3 for before, after in pairwise(marks)]
    figure.add("… wall time a run, the first tenth", wall[0], "ms")
    figure.add("… the last tenth", wall[-1], "ms")
    grown_kb = marks[-1][2] - marks[1][2]
    figure.add("… memory at the end", marks[-1][2] / 1e3, "MB")
    figure.add("… memory grown from the first tenth to the end", grown_kb / 1e3, "MB", at_most=10)
    return figure
