"""A separate process that logs on request, and a sweep's files as the orchestrator writes them."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from waiting import read_line

from ml_tracking_ops.orchestrator.store.journal import Journal

_SCRIPT = """
import sys
from ml_tracking_ops.experiment.logger import ExperimentLogger
writer = ExperimentLogger()
print("ready", flush=True)
for line in sys.stdin:
    name, first, last, expression = line.rstrip("\\n").split("\\t")
    value = eval("lambda step: " + expression, {"nan": float("nan")})
    for step in range(int(first), int(last)):
        writer.add_scalar(name, value(step), step)
    print("logged", flush=True)
writer.close()
"""


class Training:
    """A training process. `log` returns when the values are in the file."""

    def __init__(self, dat_path: Path) -> None:
        self.dat_path = dat_path
        dat_path.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "ML_TRACKING_OPS_RUN_FILE": str(dat_path)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT],
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._expect("ready")

    def log(self, name: str, first: int, last: int, value: str = "1 / (step + 1)") -> None:
        """Log `value` (a Python expression of `step`) for the steps from `first` to `last` - 1."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\t{first}\t{last}\t{value}\n")
        self._process.stdin.flush()
        self._expect("logged")

    def _expect(self, word: str) -> None:
        assert read_line(self._process).strip() == word

    def finish(self) -> None:
        """End as a training script does."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(timeout=10) == 0
        self._close_pipes()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(60)
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


class SweepFiles:
    """The folder of a sweep, written as the orchestrator writes it."""

    def __init__(self, folder: Path, max_runs: int = 30, **changes: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        config = {
            "main_script_name": "train_script.py",
            "hyperparameters": {
                "learning_rate": {"type": "uniform", "min": 1e-5, "max": 1e-2},
                "batch_size": {"type": "choice", "candidates": [32, 64, 128]},
            },
            "max_runs": max_runs,
            "early_stopping": True,
            "early_stopping_patience": 5,
            "optimization_metric": "Accuracy",
            "optimization_goal": "max",
            **changes,
        }
        description = {
            "format_version": 1,
            "created_at": time.time(),
            "config": config,
            "seed": 7,
            "n_workers": 4,
            "command": ["/bin/ml-tracking-ops", "--run_sweep=True"],
        }
        (folder / "experiment_description.json").write_text(json.dumps(description))
        self.journal = Journal(folder / "journal.jsonl", lambda trouble: None)
        self.journal.append("sweep_started", n_workers=4, pid=os.getpid(), host=None)

    def start(self, index: int, **hyperparameters: Any) -> str:
        """Start a run, and return its name."""
        name = f"2026-11-23_10-20-00_{index:04d}"
        given = {"learning_rate": index / 1000, "batch_size": 32, **hyperparameters}
        self.journal.append("sampled", index=index, hyperparameters=given)
        self.journal.append("started", index=index, name=name, attempt=1, pid=os.getpid(), slot=0)
        return name

    def end(self, index: int, state: str = "finished", **fields: Any) -> None:
        given = {
            "exit_code": 0,
            "duration_s": 1.0,
            "best_value": index / 100,
            "best_step": index,
            "n_values": 1,
            "reason": None,
            "output_tail": [],
            **fields,
        }
        self.journal.append("ended", index=index, state=state, **given)

    def close(self) -> None:
        self.journal.close()
