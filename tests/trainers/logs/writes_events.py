"""Writes event files into runs/NAME_TIMESTAMP, like CleanRL's scripts."""

import argparse
import sys
import time

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, default=0.5)
parser.add_argument("--n", type=int, default=30)
parser.add_argument("--folder", default="")
parser.add_argument("--logdir")
parser.add_argument("--hopeless", type=int, default=0)
options, _ = parser.parse_known_args()

writer = EventFileWriter(options.folder or f"runs/ppo__{options.x}__{int(time.time())}")


def log(name: str, value: float, step: int) -> None:
    summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
    writer.add_event(Event(wall_time=1_000.0 + step, step=step, summary=summary))


step = 0
while step < options.n or (options.hopeless and step < 3_000):
    value = 0.0 if options.hopeless else options.x + step
    log("charts/episodic_return", value, step * 10)
    log("losses/value_loss", 1 / (step + 1), step * 10)
    writer.flush()
    step += 1
    if options.hopeless:
        time.sleep(0.02)
writer.close()
sys.exit(0)
