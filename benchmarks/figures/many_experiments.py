"""Figure 7: the page of a log folder of very many experiments, beside an earlier version."""

import time
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path

from suite.data import short_experiments
from suite.earlier import BEFORE_DIGESTS, code_of
from suite.measuring import Figure, Options, cpu_s, peak_resident_mb
from suite.scratch import scratch
from suite.server import Server, serving

_PAGE = "/experiments"
_REST_S = 3.0
"""After the first page, in which the server imports the other pages and saves what it has read."""


def measure(options: Options) -> Figure:
    figure = Figure(
        "many",
        "7 · very many experiments",
        "server CPU from the command to the answer of the page of experiments, with an empty cache "
        "(first) and by a new server (started again), and of the same page once more (warm)",
    )
    few = short_experiments(options.pick(10_000, 100))
    _beside_earlier(figure, few, options)
    _of_this(figure, short_experiments(options.pick(99_999, 200)), options)
    return figure


def _beside_earlier(figure: Figure, logdir: Path, options: Options) -> None:
    before, first, again, warm = [], [], [], []
    for _ in range(options.pick(5, 1)):
        with scratch() as folder:
            with _served(logdir, folder / "old", code_of(BEFORE_DIGESTS)) as server:
                before.append(cpu_s(server.pid))
            with _served(logdir, folder / "cache") as server:
                first.append(cpu_s(server.pid))
                time.sleep(_REST_S)
                warm += [_load(server) for _ in range(3)]
            with _served(logdir, folder / "cache") as server:
                again.append(cpu_s(server.pid))
    yardstick = f"commit {BEFORE_DIGESTS}"
    figure.add(f"{logdir.name}: {yardstick}", before, "CPU s")
    for name, found in (("first", first), ("started again", again)):
        figure.add(
            f"{logdir.name}: {name}",
            found,
            "CPU s",
            against=before,
            yardstick=yardstick,
            at_most=0.6,
            of_ratio=True,
        )
    figure.add(f"{logdir.name}: warm", warm, "CPU s", at_most=0.15)


def _of_this(figure: Figure, logdir: Path, options: Options) -> None:
    warm, resident = [], []
    with scratch() as folder:
        for _ in range(options.pick(2, 1)):
            with _served(logdir, folder / "cache") as server:
                time.sleep(_REST_S)
                warm += [_load(server) for _ in range(2)]
                resident.append(peak_resident_mb(server.pid))
    figure.add(f"{logdir.name}: warm", warm, "CPU s")
    figure.add(f"{logdir.name}: server resident, at most", resident, "MB", at_most=300)


def _served(logdir: Path, cache: Path, code: Path | None = None) -> AbstractContextManager[Server]:
    return serving(logdir, cache=cache, code=code, first=_PAGE, patience_s=600)


def _load(server: Server) -> float:
    """Return the CPU seconds of the server for loading the page again."""
    before = cpu_s(server.pid)
    with urllib.request.urlopen(f"{server.address}{_PAGE}", timeout=600) as answer:
        answer.read()
    time.sleep(0.3)  # work after the answer counts too
    return cpu_s(server.pid) - before
