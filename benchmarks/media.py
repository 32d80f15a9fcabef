"""What logging images and histograms costs, beside writing the bytes and beside numpy's counting.

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
LINE = b"x" * 200 + b"\n"


def timed(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def say(what: str, ours: list[float], bare: list[float], bare_name: str) -> None:
    own, other = statistics.median(ours), statistics.median(bare)
    print(f"{what}: {own * 1e6:.0f} µs, {bare_name} {other * 1e6:.0f} µs, {own / other:.2f} times")


def measure_images(writer: ExperimentLogger, folder: Path) -> None:
    head = encode_png(np.zeros((4, 4, 3), np.uint8))[:40]
    index = os.open(folder / "index", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(name: str, data: bytes) -> None:
        fd = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        os.write(fd, data)
        os.close(fd)
        os.write(index, LINE)

    ours, bare = [], []
    for step in range(N_IMAGES):
        data = head + os.urandom(IMAGE_BYTES - len(head))
        bare.append(timed(lambda data=data, step=step: write(str(step), data)))
        ours.append(timed(lambda data=data, step=step: writer.add_image("image", data, step)))
    os.close(index)
    say("add_image of 100 kB", ours, bare, "a file and a line")


def measure_histograms(writer: ExperimentLogger) -> None:
    for kind in (np.float32, np.float64):
        values = np.random.default_rng(0).normal(size=1_000_000).astype(kind)
        ours, bare = [], []
        for step in range(N_HISTOGRAMS):
            bare.append(timed(lambda values=values: np.histogram(values, 64)))
            ours.append(timed(lambda v=values, s=step: writer.add_histogram("h", v, s)))
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
