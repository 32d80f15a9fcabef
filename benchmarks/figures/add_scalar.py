"""Figure 1: the time that logging one value takes, here and with other trackers."""

from pathlib import Path

from suite.measuring import Figure, Options
from suite.peers import OWN_PYTHON, PeerMissingError, python_of, run_worker
from suite.scratch import scratch

from ml_tracking_ops.logger import read_log

# peer -> number of calls: enough to measure it, few enough to wait for
PEERS = {
    "tensorboardX": ("tensorboardX", 10_000),
    "tensorboard": ("tensorboard", 10_000),
    "dvclive": ("dvclive", 10_000),
    "trackio": ("trackio", 10_000),
    "goodseed": ("goodseed", 10_000),
    "p95": ("p95", 500),
    "aim": ("aim", 5_000),
    "wandb": ("wandb", 5_000),
    "mlflow": ("mlflow", 2_000),
    "mlflow_sqlite": ("mlflow", 300),
}
_TOGETHER = ("trackio", "goodseed", "p95")  # one call of theirs takes all metrics of a step
N_TOGETHER = 5
_ROUNDS = {"trackio": 7}  # the fastest of them: our best round is compared with its best
_QUEUES = ("trackio", "tensorboardX", "tensorboard")  # a thread writes later
_READ_BY = {"tensorboardX": "tensorboard", "tensorboard": "tensorboard", "trackio": "trackio"}


def measure(options: Options) -> Figure:
    figure = Figure(
        "logger",
        "1 · add_scalar",
        "µs a call, in rounds of 100 against a loop of os.write(fd, pack(…)) to a file on the "
        "same disk, in turn in one process; with a thread: a second Python thread computes",
    )
    for n_calls in (10_000, 100_000, options.pick(1_000_000, 100_000)):
        for n_metrics in (1, 5):
            _own(figure, n_calls, n_metrics)
    _own(figure, options.pick(10_000, 1_000), 1, has_thread=True)
    _own_together(figure, options.pick(100_000, 10_000))
    if options.with_peers:
        _peers(figure, options)
    _killed(figure, "own", OWN_PYTHON, 10_000)
    return figure


def _own(figure: Figure, n_calls: int, n_metrics: int, *, has_thread: bool = False) -> None:
    with scratch() as folder:
        found = run_worker(OWN_PYTHON, "own_loops", folder, n_calls, n_metrics, int(has_thread))
    what = f"{n_calls:,} calls, {n_metrics} metric{'s' * (n_metrics > 1)}"
    what += ", with a thread" * has_thread
    figure.add(
        what,
        found["own_us"],
        "µs",
        against=found["bare_us"],
        yardstick="bare loop",
        at_most=1.6,
        of_ratio=True,
    )
    if n_calls == 100_000 and n_metrics == 5:
        figure.add("system calls a point", found["calls_a_point"], "", at_most=1.001)
        figure.add("bytes a point", found["bytes_a_point"], "bytes", at_most=32.01)


def _own_together(figure: Figure, n_values: int) -> None:
    """`add_scalars`: the time for each value of a step, and the system calls for each step."""
    with scratch() as folder:
        found = run_worker(OWN_PYTHON, "own_loops", folder, n_values, N_TOGETHER, 0, "together")
    figure.add(
        f"{n_values:,} values by add_scalars, {N_TOGETHER} a call: a value",
        found["own_us"],
        "µs",
        against=found["bare_us"],
        yardstick="bare loop",
        at_most=0.9,
        of_ratio=True,
    )
    calls = found["calls_a_point"] * N_TOGETHER
    figure.add("… system calls a call of add_scalars", calls, "", at_most=1.001)


def _peers(figure: Figure, options: Options) -> None:
    """Measure each peer in turn with ours, with the same loop and number of calls."""
    slowdowns: dict[str, float] = {}  # best rounds, because other programs disturb them least
    for peer, (environment, n_calls) in PEERS.items():
        try:
            python = python_of(environment)
            for has_thread in (False, True):
                n = options.pick(n_calls // (10 if has_thread else 1), n_calls // 20)
                found = [
                    (_us(peer, python, n, has_thread), _us("own", OWN_PYTHON, n, has_thread))
                    for _ in range(options.pick(_ROUNDS.get(peer, 3), 1))
                ]
                theirs, ours = zip(*found, strict=True)
                what = f"{peer}{', with a thread' * has_thread}"
                figure.add(what, theirs, "µs", against=ours, yardstick="ours")
                if not has_thread:
                    slowdowns[peer] = min(theirs) / min(ours)
            if peer in _QUEUES:
                _cpu(figure, peer, python, options.pick(n_calls, n_calls // 20))
            if peer in _READ_BY:
                _killed(figure, peer, python, 10_000)
        except PeerMissingError as error:
            figure.notes.append(f"left out: {peer}: {error}")
    if slowdowns:
        _fastest(figure, slowdowns)
    _peers_together(figure, options)


def _peers_together(figure: Figure, options: Options) -> None:
    """Measure the time for each value where one call logs all metrics of a step."""
    for peer in _TOGETHER:
        environment, n_calls = PEERS[peer]
        try:
            python, n = python_of(environment), options.pick(n_calls, n_calls // 20)
            found = [
                (_us_together(peer, python, n), _us_together("own", OWN_PYTHON, n))
                for _ in range(options.pick(_ROUNDS.get(peer, 3), 1))
            ]
        except PeerMissingError as error:
            figure.notes.append(f"left out: {peer}, {N_TOGETHER} metrics a call: {error}")
            continue
        theirs, ours = zip(*found, strict=True)
        what = f"{peer}, {N_TOGETHER} metrics a call: a value"
        figure.add(what, theirs, "µs", against=ours, yardstick="add_scalars")
        if peer == "trackio":
            singles = [_us(peer, python, n, False) for _ in theirs]
            figure.add(
                "trackio's best round of a metric a call, in our best of add_scalars: a value",
                min(singles) / min(ours),
                "×",
                at_least=12,
            )


def _us_together(peer: str, python: Path | str, n_calls: int) -> float:
    with scratch() as folder:
        answer = run_worker(python, "peer_loops", peer, folder, n_calls, N_TOGETHER, 0, "together")
    us: float = answer["us"]
    return us


def _fastest(figure: Figure, slowdowns: dict[str, float]) -> None:
    fastest = min(slowdowns, key=slowdowns.__getitem__)
    figure.add(
        f"the fastest peer's best round ({fastest}), in our best rounds",
        slowdowns.pop(fastest),
        "×",
        at_least=10,
    )
    if slowdowns:
        second = min(slowdowns, key=slowdowns.__getitem__)
        figure.add(f"the next peer's ({second})", slowdowns[second], "×")


def _cpu(figure: Figure, peer: str, python: Path | str, n_calls: int) -> None:
    """Measure the CPU time for a value until the peer's threads have written it."""
    figure.add(
        f"{peer}: CPU a value, its threads included",
        _cpu_us(peer, python, n_calls),
        "µs",
        against=[_cpu_us("own", OWN_PYTHON, n_calls)],
        yardstick="ours",
    )


def _cpu_us(peer: str, python: Path | str, n_calls: int) -> float:
    with scratch() as folder:
        answer = run_worker(python, "peer_loops", peer, folder, n_calls, 1, 0, "settle")
    cpu_us: float = answer["cpu_us"]
    return cpu_us


def _us(peer: str, python: Path | str, n_calls: int, has_thread: bool) -> float:
    with scratch() as folder:
        answer = run_worker(python, "peer_loops", peer, folder, n_calls, 1, int(has_thread))
    us: float = answer["us"]
    return us


def _killed(figure: Figure, peer: str, python: Path | str, n_calls: int) -> None:
    """Count the values that are lost if the process gets SIGKILL after the last of `n_calls`."""
    with scratch() as folder:
        run_worker(python, "peer_loops", peer, folder, n_calls, 1, 0, "kill")
        if peer == "own":
            n_kept = len(read_log(folder / "own.dat")["metric 0"])
        else:
            reader = _READ_BY[peer]
            n_kept = run_worker(python_of(reader), "peer_readers", reader, folder)["n_points"]
    subject = f"{peer}: lost of {n_calls:,} at kill -9"
    figure.add(subject, n_calls + 1 - n_kept, "values", at_most=0 if peer == "own" else None)
