"""Figure 9: reading TensorBoard's event files, beside TensorBoard's own Python reader."""

from suite.measuring import Figure, Options
from suite.peers import OWN_PYTHON, python_of, run_worker
from suite.scratch import scratch


def measure(options: Options) -> Figure:
    n_steps = options.pick(60_000, 5_000)
    figure = Figure(
        "events",
        "9 · event files",
        f"an event file of {5 * n_steps:,} scalars in 5 metrics, written by tensorboardX, in the "
        "page cache, read by read_log and by TensorBoard's EventAccumulator in turn, each in a new "
        "process; both verify all checksums",
    )
    with scratch() as folder:
        run_worker(
            python_of("tensorboardX"), "peer_loops", "tensorboardX", folder, n_steps, 5, 0, "settle"
        )
        own, theirs = [], []
        for _ in range(options.pick(5, 2)):
            ours = run_worker(OWN_PYTHON, "read_once", "own", folder)
            peer = run_worker(python_of("tensorboard"), "peer_readers", "tensorboard", folder)
            assert ours["n_points"] == peer["n_points"]
            own.append(ours["n_points"] / ours["seconds"])
            theirs.append(peer["n_points"] / peer["seconds"])
    figure.add("read_log", own, "points/s")
    figure.add("tensorboard's reader", theirs, "points/s")
    ratios = [ours / peer for ours, peer in zip(own, theirs, strict=True)]
    figure.add("read_log ÷ tensorboard's reader", ratios, "×", at_least=20)
    return figure
