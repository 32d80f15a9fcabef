"""The time of logging images and histograms, beside writing the bytes and beside `numpy.histogram`.

python benchmarks/media.py [FOLDER]
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.media.encoding.png import encode_png

N_IMAGES, N_HISTOGRAMS = 600, 30
IMAGE_BYTES = 100_000
LINE = b"x" * 190 + b"\n"  # as long as ours


def timed(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def say(what: str, ours: list[float], bare: list[float], bare_name: str) -> None:
    for which, take in (("median", statistics.median), ("tenth percentile", tenth)):
        own, other = take(ours) * 1e6, take(bare) * 1e6
        print(
            f"{what}: {own:.0f} µs, {bare_name} {other:.0f} µs, {own / other:.2f} times ({which})"
        )


def tenth(samples: list[float]) -> float:
    return statistics.quantiles(samples, n=10)[0]


def measure_images(writer: ExperimentLogger, folder: Path) -> None:
    """Measure both in turn, with fresh bytes each time. Each goes first every other time.

    Which bytes were made last, and are still in a cache, alternates too. The plain files are as
    deep below `folder` as the logger's, because long paths take time.
    """
    head = encode_png(np.zeros((4, 4, 3), np.uint8))[:40]
    bare_folder = folder / "runs" / "bare" / "bare.files" / "media"
    bare_folder.mkdir(parents=True)
    index = os.open(bare_folder.parent / "index", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(path: str, data: bytes) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(fd, data)
        os.close(fd)
        os.write(index, LINE)

    ours, bare = [], []
    for step in range(N_IMAGES):
        own, other = (head + os.urandom(IMAGE_BYTES - len(head)) for _ in range(2))
        if step % 4 < 2:
            own, other = other, own
        path = f"{bare_folder}/{step:032x}.png"
        tasks = [
            (ours, lambda data=own, step=step: writer.add_image("image", data, step)),
            (bare, lambda path=path, data=other: write(path, data)),
        ]
        for times, task in tasks if step % 2 else reversed(tasks):
            times.append(timed(task))
    os.close(index)
    say("add_image of 100 kB", ours, bare, "a file and a line")


def measure_histograms(writer: ExperimentLogger) -> None:
    for kind in (np.float32, np.float64):
        values = np.random.default_rng(0).normal(size=1_000_000).astype(kind)
        ours, bare = [], []
        for step in range(N_HISTOGRAMS):
            tasks = [
                (bare, lambda values=values: np.histogram(values, 64)),
                (ours, lambda v=values, s=step: writer.add_histogram("h", v, s)),
            ]
            for times, task in tasks if step % 2 else reversed(tasks):
                times.append(timed(task))
        say(f"add_histogram of 10⁶ {kind.__name__}", ours, bare, "numpy.histogram")


def main() -> None:
    place = sys.argv[1] if len(sys.argv) > 1 else None
    with (
        tempfile.TemporaryDirectory(dir=place) as folder,
        ExperimentLogger(Path(folder) / "runs") as writer,
    ):
        measure_images(writer, Path(folder))
        measure_histograms(writer)


if __name__ == "__main__":
    main()
