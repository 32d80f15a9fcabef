"""Trials of one second with one result each by Ray Tune, as in its own benchmark.

Usage: ray_trials.py FOLDER N_TRIALS N_WORKERS
"""

import json
import sys
import time

import ray
from ray import tune


def train(config: dict[str, float]) -> None:
    time.sleep(1)
    tune.report({"score": config["x"]})


folder, n_trials, n_workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
began = time.perf_counter()
ray.init(num_cpus=n_workers, include_dashboard=False, log_to_driver=False)
ready_s = time.perf_counter() - began
tuner = tune.Tuner(
    train,
    param_space={"x": tune.uniform(0, 1)},
    tune_config=tune.TuneConfig(num_samples=n_trials, metric="score", mode="max"),
    run_config=tune.RunConfig(storage_path=folder, verbose=0),
)
results = tuner.fit()
assert len(results) == n_trials
assert not results.errors
print(json.dumps({"seconds": time.perf_counter() - began, "ready_s": ready_s}))
