"""Opening pages again, beside earlier code that kept no digests of logs.

Three servers in turn, A B C A B C …: the earlier code, this code with an empty cache, and this code
started again with the cache that the second server has filled. As a yardstick the third is also
asked for the same page of logs of ten steps: that is Chromium's part, which no cache can reduce.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from suite.browser import browse
from suite.data import experiments, one_log
from suite.earlier import BEFORE_DIGESTS, code_of
from suite.measuring import Figure, Options
from suite.scratch import scratch
from suite.server import Server, serving

_QUIET_S = 3.0
_PATIENCE_S = 120.0
_FEW_STEPS = 10
_CLICK = """(index) => {
  const link = document.createElement("a");
  link.href = "/experiments?newest=N_RUNS";
  document.querySelector("#content").append(link);
  htmx.process(link);
  link.click();
  return () => drawnRuns() >= N_RUNS;
}"""


@dataclass(frozen=True)
class _Look:
    """Seconds until the page is painted, and CPU seconds of the server and of Chromium."""

    seconds: float
    server_cpu_s: float
    browser_cpu_s: float


@dataclass
class _Looks:
    """For each round, one look at each of the three servers, and one at logs of ten steps."""

    before: list[_Look] = field(default_factory=list)
    first: list[_Look] = field(default_factory=list)
    again: list[_Look] = field(default_factory=list)
    short: list[_Look] = field(default_factory=list)


def measure(options: Options) -> Figure:
    figure = Figure(
        "looks",
        "4 to 6 · second looks",
        f"Chromium; the code of commit {BEFORE_DIGESTS}, this one with an empty cache (first), and "
        "a new server with the cache of the second (again), in turn",
    )
    few = options.is_quick
    many = experiments(options.pick(1_000, 50), 1_000)
    short = experiments(options.pick(1_000, 50), _FEW_STEPS)
    look = _clicking(50 if few else 1_000)
    _add(figure, f"{many.name}, from the click", (many, short), look, options)
    long = experiments(100, options.pick(10_000, 1_000))
    short = experiments(100, _FEW_STEPS)
    _add(
        figure, f"{long.name}, from the click", (long, short), _clicking(100), options, (0.5, 0.25)
    )
    one = one_log(options.pick(1_100_000, 10_000))
    both = one, one_log(_FEW_STEPS)
    _add(figure, f"{one.name}, its page", both, _page_of_one, options, (None, 0.2))
    return figure


def _clicking(n_runs: int) -> Callable[[Server], _Look]:
    """From the click on a link to so many runs, on the page of the newest ten."""

    def look(server: Server) -> _Look:
        script = _CLICK.replace("N_RUNS", str(n_runs))
        address = f"{server.address}/experiments"
        is_ready = "window.htmx && drawnRuns() > 0"
        found = browse("click", address, is_ready, script, 1, server.pid)
        return _Look(found["times_ms"][0] / 1e3, found["cpu_s"][0], found["browser_cpu_s"][0])

    return look


def _page_of_one(server: Server) -> _Look:
    address = f"{server.address}/experiments"
    found = browse("load", address, "drawnRuns() > 0", "drawnRuns() > 0", 0, server.pid)
    load = found["loads"][0]
    return _Look(load["ready_ms"] / 1e3, load["server_cpu_s"], 0.0)


def _add(
    figure: Figure,
    what: str,
    logdirs: tuple[Path, Path],
    look: Callable[[Server], _Look],
    options: Options,
    most: tuple[float | None, float] = (0.55, 0.2),
) -> None:
    looks = _Looks()
    for _ in range(options.pick(5, 1)):
        _look_in_turn(*logdirs, look, looks)
    yardstick = f"commit {BEFORE_DIGESTS}"
    before = [one.seconds for one in looks.before]
    figure.add(f"{what}: commit {BEFORE_DIGESTS}", before, "s")
    for name, found, at_most in (("first", looks.first, most[0]), ("again", looks.again, most[1])):
        figure.add(
            f"{what}: {name}",
            [one.seconds for one in found],
            "s",
            against=before,
            yardstick=yardstick,
            at_most=at_most,
            of_ratio=True,
        )
        figure.add(
            f"{what}: {name}, CPU of server and Chromium",
            [one.server_cpu_s + one.browser_cpu_s for one in found],
            "s",
            against=[one.server_cpu_s + one.browser_cpu_s for one in looks.before],
            yardstick=yardstick,
        )
    seconds = [one.seconds for one in looks.short]
    what_short = f"{what}: again, with logs of {_FEW_STEPS} steps"
    figure.add(what_short, seconds, "s", against=before, yardstick=yardstick)
    for name, found in (("before", looks.before), ("first", looks.first), ("again", looks.again)):
        server = statistics.median(one.server_cpu_s for one in found)
        browser = statistics.median(one.browser_cpu_s for one in found)
        figure.notes.append(
            f"{what}: {name}: CPU of the server {server:.2f} s, of Chromium {browser:.2f} s"
        )


def _look_in_turn(
    logdir: Path, short: Path, look: Callable[[Server], _Look], looks: _Looks
) -> None:
    with scratch() as folder:
        with serving(logdir, cache=folder / "old", code=code_of(BEFORE_DIGESTS)) as server:
            looks.before.append(look(server))
        cache = folder / "cache"
        with serving(logdir, cache=cache) as server:
            looks.first.append(look(server))
            _wait_until_quiet(cache)
        with serving(logdir, cache=cache) as server:
            looks.again.append(look(server))
        with serving(short, cache=folder / "short") as server:
            look(server)
            _wait_until_quiet(folder / "short")
        with serving(short, cache=folder / "short") as server:
            looks.short.append(look(server))


def _wait_until_quiet(cache: Path) -> None:
    """Wait until nothing has been written to the cache for some seconds."""
    until = time.monotonic() + _PATIENCE_S
    size, changed_at = -1, time.monotonic()
    while time.monotonic() < until and time.monotonic() - changed_at < _QUIET_S:
        now = sum(map(_size_of, cache.rglob("*")))
        if now != size:
            size, changed_at = now, time.monotonic()
        time.sleep(0.5)


def _size_of(path: Path) -> int:
    """Return the size of a file, which may be renamed meanwhile."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
