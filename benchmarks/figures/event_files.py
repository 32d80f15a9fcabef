"""Figure 9: reading TensorBoard's event files, beside TensorBoard's own Python reader."""

from pathlib import Path
from typing import Any

from suite.measuring import Figure, Options
from suite.peers import OWN_PYTHON, python_of, run_worker
from suite.scratch import scratch

_N_METRICS = 5
_SIZES = (1_000, 25_000, 300_000)
_TARGET = 20
_KINDS = {
    "first": "the first reading in a process",
    "again": "the second reading in it",
    "import": "imports and the first reading",
}


def measure(options: Options) -> Figure:
    sizes = _SIZES[: options.pick(3, 2)]
    figure = Figure(
        "events",
        "9 · event files",
        f"event files of about {', '.join(f'{size:,}' for size in sizes)} scalars in {_N_METRICS} "
        "metrics, written by tensorboardX, in the page cache, read by read_log and TensorBoard's "
        "EventAccumulator in turn, each in a new process; both verify all checksums",
    )
    for size in sizes:
        with scratch() as folder:
            _measure_size(figure, options, folder, size)
    return figure


def _measure_size(figure: Figure, options: Options, folder: Path, size: int) -> None:
    n_calls = size - _N_METRICS  # each metric is logged once before they are counted
    arguments = "peer_loops", "tensorboardX", folder, n_calls, _N_METRICS, 0, "settle"
    run_worker(python_of("tensorboardX"), *arguments)
    ours, theirs = [], []
    for _ in range(options.pick(5, 2)):
        ours.append(run_worker(OWN_PYTHON, "read_once", "own", folder))
        theirs.append(
            run_worker(
                python_of("tensorboard"), "peer_readers", "tensorboard", folder, timeout_s=900
            )
        )
        assert ours[-1]["n_points"] == theirs[-1]["n_points"]
    for kind, words in _KINDS.items():
        own, peer = _milliseconds(ours, kind), _milliseconds(theirs, kind)
        figure.add(f"{size:,} scalars, {words}: read_log", own, "ms")
        figure.add(f"{size:,} scalars, {words}: tensorboard's reader", peer, "ms")
        ratios = [b / a for a, b in zip(own, peer, strict=True)]
        target = _TARGET if kind == "first" and size == _SIZES[-1] else None
        figure.add(f"{size:,} scalars, {words}: times as fast", ratios, "×", at_least=target)


def _milliseconds(found: list[dict[str, Any]], kind: str) -> list[float]:
    if kind == "again":
        return [one["again_s"] * 1e3 for one in found]
    imports = kind == "import"
    return [(one["seconds"] + (one["import_s"] if imports else 0)) * 1e3 for one in found]
