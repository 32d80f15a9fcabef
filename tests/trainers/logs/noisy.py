"""Better if x is closer to 1. Its seed changes the value a little. Counts its runs."""

import time
from argparse import ArgumentParser
from pathlib import Path
from random import Random

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--x", type=float)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--noise", type=float, default=0.01)
parser.add_argument("--gap", type=float, default=1.0)
parser.add_argument("--until", help="runs with a seed wait for this file")
config, _ = parser.parse_known_args()
with ExperimentLogger(logdir=config.logdir) as writer:
    if config.until and config.seed > 1001:
        print("ready", flush=True)
        while not Path(config.until).exists():
            time.sleep(0.01)
    noise = Random(f"{config.x}/{config.seed}").gauss(0, config.noise)
    for step in range(3):
        writer.add_scalar("Accuracy", config.gap * config.x + noise - (2 - step), step)
