"""Fails once in the middle, is tried again, and continues from its checkpoint."""

import json
import os
from pathlib import Path

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters

hp = hyperparameters(lr=0.1)
attempt = int(os.environ.get("ML_TRACKING_OPS_ATTEMPT", "1"))

with ExperimentLogger("runs") as writer:
    checkpoint = Path(writer.run_dir, "state.json")
    state = {"step": 0, "x": 5.0}
    if checkpoint.exists():
        state = json.loads(checkpoint.read_text())
        print(f"continuing after step {state['step']}")
    for step in range(state["step"] + 1, 21):
        state = {"step": step, "x": state["x"] * (1 - 2 * hp.lr)}
        writer.add_scalar("loss", state["x"] ** 2, step)
        checkpoint.write_text(json.dumps(state))
        if step == 10 and attempt == 1:
            raise RuntimeError("the machine had a bad day")
