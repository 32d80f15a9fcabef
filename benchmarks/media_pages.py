"""The page of an event file of images: TensorBoard's and ours, in the same Chromium, in turn.

python benchmarks/media_pages.py [ROUNDS [N_STEPS]]

Measured are the time from the navigation to the frame with the first image in a new tab (cold and
again), the bytes sent, the server's memory and its start.
"""

import statistics
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from figures.beside_tensorboard import processes, tensorboard
from suite.browser import browse
from suite.measuring import resident_mb
from suite.peers import python_of, run_worker
from suite.scratch import scratch
from suite.server import Server, serving

N_TAGS, N_STEPS, SIDE_PX = 4, 500, 128
_OURS = """(document.querySelector("[data-media]")?.scrollIntoView(),
  [...document.querySelectorAll("article.is-image img")]
    .some((one) => one.complete && one.naturalWidth))"""
_THEIRS = """[...document.querySelectorAll("image-card img")]
  .some((one) => one.complete && one.naturalWidth)"""

Start = Callable[[Path], AbstractContextManager[Server]]


def measure(
    start: Start, logs: Path, path: str, condition: str, found: dict[str, list[float]]
) -> None:
    with start(logs) as server:
        loads = browse("load", f"{server.address}{path}", condition, condition, 2, server.pid)
        (cold, *warm), (cold_bytes, warm_bytes) = loads["loads"], loads["counted"]
        for name, value in {
            "server up, s": server.up_s,
            "first image, cold, s": cold["first_ms"] / 1e3,
            "first image, again, s": statistics.median(one["first_ms"] for one in warm) / 1e3,
            "on the wire, cold, MB": cold_bytes["bytes"] / 1e6,
            "on the wire, again, MB": warm_bytes["bytes"] / 1e6,
            "server resident, MB": sum(map(resident_mb, processes(server.pid))),
        }.items():
            found.setdefault(name, []).append(value)


def main() -> None:
    n_rounds, n_steps = (*map(int, sys.argv[1:]), *(3, N_STEPS)[len(sys.argv) - 1 :])
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    with scratch() as folder:
        python = python_of("tensorboard")
        made = run_worker(python, "write_images", folder / "run", N_TAGS, n_steps, SIDE_PX)
        print(f"{made['n_images']} images of {SIDE_PX} pixels, {made['n_bytes'] / 1e6:.0f} MB")
        for _ in range(n_rounds):
            measure(serving, folder, "/runs/run", _OURS, ours)
            measure(lambda logs: tensorboard(python, logs), folder, "/#timeseries", _THEIRS, theirs)
    for name, samples in ours.items():
        own, peer = statistics.median(samples), statistics.median(theirs[name])
        print(f"{name}: ours {own:.2f}, TensorBoard {peer:.2f}")


if __name__ == "__main__":
    main()
