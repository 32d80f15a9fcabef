"""Logs the learning rate of a group, and checks that all ways to get it agree."""

import json
import sys

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(optimizer={"name": "sgd", "lr": 0.5, "momentum": 0.0}, depth=1)
with ExperimentLogger() as writer:
    given = json.loads(sys.argv[-1])
    dotted = dict(part[2:].split("=", 1) for part in sys.argv[1:-1])
    assert isinstance(hp.optimizer, dict)
    assert float(dotted["optimizer.lr"]) == given["optimizer"]["lr"] == hp.optimizer["lr"]
    assert ("momentum" in given["optimizer"]) == (hp.optimizer["name"] == "sgd")
    writer.add_scalar("Accuracy", hp.optimizer["lr"], 1)
