"""Sweeps of scripts that are made for measuring."""

import json
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parents[1] / "workers" / "scripts"


def write_config(folder: Path, script: str, n_runs: int, **more: Any) -> Path:
    """Copy `workers/scripts/SCRIPT.py` to `folder`, and write a configuration beside it."""
    name = f"{script}.py"
    (folder / name).write_bytes((SCRIPTS / name).read_bytes())
    config = {
        "main_script_name": name,
        "hyperparameters": {"x": {"type": "uniform", "min": 0.0, "max": 1.0}},
        "max_runs": n_runs,
        "early_stopping": False,
        **more,
    }
    path = folder / "experiment_cfg.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def read_journal(logdir: Path) -> list[dict[str, Any]]:
    """Return the events of the only sweep in `logdir`."""
    (journal,) = logdir.glob("*/journal.jsonl")
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
