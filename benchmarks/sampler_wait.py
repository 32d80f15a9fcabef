"""How long the slots of a real sweep wait for the sampler.

    python benchmarks/sampler_wait.py --sampler tpe --runs 200 --workers 4

Each run sleeps. A slot waits from the end of a run to the start of the next one in that slot. The
sampler's part is the difference to the same sweep with `random`.
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.store.journal import JournalTail

SCRIPT = """
import math, sys, time
from ml_tracking_ops.logger import ExperimentLogger
point = dict(a[2:].split("=", 1) for a in sys.argv[1:])
x, y = float(point["x"]), float(point["y"])
value = (y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6) ** 2
value += 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
with ExperimentLogger(point["logdir"]) as writer:
    writer.add_scalar("f", value, 1)
    time.sleep(0.3 + (x + 5) / 50)
"""


def waits_s(events: list[dict[str, Any]]) -> list[float]:
    """Return the seconds from the end of a run to the start of the next one in the same slot."""
    slot_of: dict[int, int] = {}
    free_since: dict[int, float] = {}
    found = []
    for event in events:
        if event["event"] == "started":
            slot = event["slot"]
            if slot in free_since:
                found.append(event["time"] - free_since[slot])
            slot_of[event["index"]] = slot
        elif event["event"] == "ended":
            free_since[slot_of[event["index"]]] = event["time"]
    return found


def measure(sampler: str, runs: int, workers: int, folder: Path) -> str:
    """One row of the table."""
    (folder / "train.py").write_text(SCRIPT)
    config = {
        "main_script_name": "train.py",
        "max_runs": runs,
        "early_stopping": False,
        "sampler": sampler,
        "optimization_metric": "f",
        "optimization_goal": "min",
        "hyperparameters": {
            "x": {"type": "uniform", "min": -5, "max": 10},
            "y": {"type": "uniform", "min": 0, "max": 15},
        },
    }
    path = folder / "experiment_cfg.json"
    path.write_text(json.dumps(config))
    result = run_sweep(path, logdir=folder / "runs", workers=workers, seed=1)
    waits = sorted(
        1000 * wait for wait in waits_s(JournalTail(result.folder / "journal.jsonl").read())
    )
    lengths = [
        run.ended_at - run.started_at for run in result.runs if run.ended_at and run.started_at
    ]
    best = result.best.best_value if result.best else None
    return (
        f"| {sampler} | {runs} on {workers} | {statistics.median(waits):.1f} | "
        f"{waits[int(len(waits) * 0.95)]:.1f} | {waits[-1]:.1f} | "
        f"{1000 * statistics.median(lengths):.0f} | {best:.4g} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampler", nargs="+", default=["random", "tpe"])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    print("| sampler | runs | median wait (ms) | 95 % | longest | median run (ms) | best |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for sampler in options.sampler:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(sampler, options.runs, options.workers, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
