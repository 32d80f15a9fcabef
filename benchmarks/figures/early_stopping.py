"""Figure 6: the time from writing the deciding value to the signal."""

from pathlib import Path

from suite.measuring import Figure, Options, percentile
from suite.peers import OWN_PYTHON, run_worker
from suite.scratch import scratch
from suite.streams import followers
from suite.sweeps import write_config

N_WORKERS = 8
N_BROWSERS = 10


def measure(options: Options) -> Figure:
    n_runs = options.pick(200, 16)
    figure = Figure(
        "stopping",
        "6 · early stopping",
        f"{n_runs} runs, {N_WORKERS} at once, each logging 40 values a second; from just before "
        "add_scalar of the deciding value to SIGTERM in the training process",
    )
    for n_browsers in (0, N_BROWSERS):
        with scratch() as folder:
            delays = _delays_ms(folder, n_runs, n_browsers)
        who = f", {n_browsers} pages' streams open" if n_browsers else ""
        figure.add(f"p50{who}", percentile(delays, 50), "ms", at_most=10)
        figure.add(f"p99{who}", percentile(delays, 99), "ms", at_most=50)
        figure.add(f"all{who}", delays, "ms")
    return figure


def _delays_ms(folder: Path, n_runs: int, n_browsers: int) -> list[float]:
    config = write_config(
        folder,
        "hopeless",
        n_runs,
        early_stopping=True,
        early_stopping_patience=1,
        optimization_metric="score",
        optimization_goal="max",
    )
    logdir = folder / "runs"
    logdir.mkdir()
    with followers(logdir, n_browsers):
        run_worker(OWN_PYTHON, "sweep_many", config, logdir, n_runs, N_WORKERS, timeout_s=1800)
    lines = [path.read_text().split() for path in logdir.glob("*/*.log")]
    delays = [float(words[-1]) * 1e3 for words in lines if words[:2] == ["signal", "after"]]
    assert len(delays) == n_runs, f"{len(delays)} of {n_runs} runs were stopped"
    return delays
