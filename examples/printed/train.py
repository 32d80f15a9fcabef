"""A script that knows nothing of any tracker: it takes arguments and prints."""

import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--momentum", type=float, default=0.0)
args = parser.parse_args()

x, velocity = 5.0, 0.0  # the minimum of x² is at 0
for step in range(1, 51):
    velocity = args.momentum * velocity - args.lr * 2 * x
    x += velocity
    print(f"step={step} loss={x * x:.6f}", flush=True)
