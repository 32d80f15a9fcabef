"""A trainer with data-loader workers: they die of SIGTERM, the trainer waits for them."""

import multiprocessing
import time
from argparse import ArgumentParser

from ml_tracking_ops.experiment.logger import ExperimentLogger


def load(number: int, queue: "multiprocessing.Queue[int]") -> None:
    while True:
        queue.put(number)
        time.sleep(0.01)


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--logdir")
    config, _ = parser.parse_known_args()
    writer = ExperimentLogger(logdir=config.logdir)
    queue: "multiprocessing.Queue[int]" = multiprocessing.Queue(maxsize=4)
    workers = [multiprocessing.Process(target=load, args=(n, queue)) for n in range(3)]
    for worker in workers:
        worker.start()
    print("ready", flush=True)
    step = 0
    while True:
        writer.add_scalar("Accuracy", -float(queue.get()), step)
        step += 1
