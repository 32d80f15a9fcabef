"""Figure 3: reading a whole log back."""

from pathlib import Path

from suite.logs import write_log
from suite.measuring import Figure, Options
from suite.peers import OWN_PYTHON, PeerMissingError, python_of, run_worker
from suite.scratch import scratch

PEERS = {"tensorboardX": "tensorboard", "trackio": "trackio", "mlflow": "mlflow"}


def measure(options: Options) -> Figure:
    n_steps = options.pick(2_000_000, 100_000)
    figure = Figure(
        "read",
        "3 · read_log",
        f"a log of {5 * n_steps:,} points in 5 metrics, in the page cache, each read in a new "
        "process; numpy.fromfile and the split by metric, which verifies nothing, in turn",
    )
    with scratch() as folder:
        path = folder / "large.dat"
        write_log(path, n_steps)
        own, bare, peaks = [], [], []
        for index in range(options.pick(7, 3) + 1):
            theirs = run_worker(OWN_PYTHON, "read_once", "numpy", path)
            ours = run_worker(OWN_PYTHON, "read_once", "own", path)
            assert theirs["n_points"] == ours["n_points"] == 5 * n_steps
            if index:
                bare.append(theirs["n_points"] / theirs["seconds"])
                own.append(ours["n_points"] / ours["seconds"])
                peaks.append(ours["peak_bytes"] / path.stat().st_size)
    figure.add(
        "read_log",
        own,
        "points/s",
        against=bare,
        yardstick="numpy",
        at_least=0.5,
        of_ratio=True,
    )
    figure.add("numpy.fromfile and split", bare, "points/s")
    figure.add("peak memory of the process", peaks, "× the file", at_most=2.5)
    if options.with_peers:
        _peers(figure, options, figure.rows[0].value.median)
    return figure


def _peers(figure: Figure, options: Options, own: float) -> None:
    for writer, reader in PEERS.items():
        try:
            n_calls = options.pick(20_000, 2_000) // (10 if writer == "mlflow" else 1)
            with scratch() as folder:
                _write(writer, folder, n_calls)
                found = [
                    run_worker(python_of(reader), "peer_readers", reader, folder)
                    for _ in range(options.pick(3, 1))
                ]
        except PeerMissingError as error:
            figure.notes.append(f"left out: {reader}: {error}")
            continue
        speeds = [one["n_points"] / one["seconds"] for one in found]
        figure.add(f"{reader}'s reader", speeds, "points/s")
        if reader == "tensorboard":
            figure.add("read_log ÷ tensorboard's reader", own / max(speeds), "×", at_least=100)


def _write(writer: str, folder: Path, n_calls: int) -> None:
    run_worker(python_of(writer), "peer_loops", writer, folder, n_calls, 5, 0, "settle")
