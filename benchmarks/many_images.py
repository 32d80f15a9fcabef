"""The page of a run with 20,000 images beside the same page with 20, and its slider.

python benchmarks/many_images.py [ROUNDS [N_STEPS]]

The runs log the same metric and the same 20 names. One logs an image of each name at every step,
the other once. Measured are the time from the navigation to the frame with the first chart or image
in a new tab (cold and again), the bytes sent, the server's memory, and the time from moving a
slider until the image of the step is drawn.
"""

import statistics
import sys
from pathlib import Path

import numpy as np
from suite.browser import browse
from suite.measuring import resident_mb
from suite.scratch import scratch
from suite.server import Server, serving

from ml_tracking_ops.logger import ExperimentLogger

N_NAMES, N_STEPS, SIDE_PX = 20, 1_000, 64
_CHART = "drawnRuns() > 0"
_CARD = """(document.querySelector("[data-media]")?.scrollIntoView(),
  [...document.querySelectorAll("article.is-image img")]
    .some((one) => one.complete && one.naturalWidth))"""
# Takes the number of the round, moves the slider of the first card, and waits for the image.
_MOVE = """(index) => {
  const card = document.querySelector("article.is-image"), slider = card.querySelector("input");
  const place = (index * 337 + 11) % Number(slider.max);
  slider.value = place;
  slider.dispatchEvent(new Event("input"));
  return () => {
    const image = card.querySelector("img");
    return image?.src.includes(`step=${place}&`) && image.complete && image.naturalWidth;
  };
}"""


def write_run(logdir: Path, n_steps: int, every: int) -> str:
    random = np.random.default_rng(0)
    with ExperimentLogger(logdir) as writer:
        for step in range(n_steps):
            writer.add_scalar("loss", 1 / (step + 1), step)
            for name in range(N_NAMES) if step % every == 0 else ():
                pixels = random.integers(0, 255, (SIDE_PX, SIDE_PX, 3), np.uint8)
                writer.add_image(f"samples/{name}", pixels, step)
    return Path(writer.folder).name


def measure(server: Server, name: str, found: dict[str, list[float]]) -> None:
    address = f"{server.address}/runs/{name}"
    loads = browse("load", address, _CHART, _CARD, 2, server.pid)
    (cold, *warm), counted = loads["loads"], loads["counted"]
    for what, value in {
        "first chart, cold, s": cold["first_ms"] / 1e3,
        "first card, cold, s": cold["ready_ms"] / 1e3,
        "first chart, again, s": statistics.median(one["first_ms"] for one in warm) / 1e3,
        "first card, again, s": statistics.median(one["ready_ms"] for one in warm) / 1e3,
        "on the wire, cold, MB": counted[0]["bytes"] / 1e6,
        "server resident, MB": resident_mb(server.pid),
    }.items():
        found.setdefault(what, []).append(value)


def main() -> None:
    n_rounds, n_steps = (*map(int, sys.argv[1:]), *(3, N_STEPS)[len(sys.argv) - 1 :])
    many: dict[str, list[float]] = {}
    few: dict[str, list[float]] = {}
    slider: list[float] = []
    with scratch() as folder:
        names = [write_run(folder, n_steps, every) for every in (1, n_steps)]
        for round_ in range(n_rounds):
            both = list(zip(names, (many, few), strict=True))
            for name, found in both if round_ % 2 else reversed(both):
                with serving(folder) as server:
                    measure(server, name, found)
        with serving(folder) as server:
            address = f"{server.address}/runs/{names[0]}"
            slider = browse("click", address, _CARD, _MOVE, 30)["times_ms"]
    for what, samples in many.items():
        own, other = statistics.median(samples), statistics.median(few[what])
        print(f"{what}: {N_NAMES * n_steps:,} images {own:.2f}, {N_NAMES} {other:.2f}", end=", ")
        print(f"{own / other:.2f} times")
    percentile = statistics.quantiles(slider, n=20)[18]
    print(f"slider: median {statistics.median(slider):.0f} ms, 95th percentile {percentile:.0f}")


if __name__ == "__main__":
    main()
