"""2,000 short runs in one sweep: open files, memory and threads of all our processes stay flat.

python benchmarks/soak.py [N_RUNS]
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """
import sys
sys.path[:0] = {paths!r}
from ml_tracking_ops.experiment.logger import ExperimentLogger
with ExperimentLogger() as writer:
    for step in range(50):
        writer.add_scalar("Accuracy", step, step)
"""
CONFIG = {
    "main_script_name": "train.py",
    "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
    "early_stopping": True, "early_stopping_patience": 100,
    "optimization_metric": "Accuracy", "optimization_goal": "max",
}  # fmt: skip
COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]


def main(n_runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "train.py").write_text(SCRIPT.format(paths=[p for p in sys.path if p]))
        (folder / "experiment_cfg.json").write_text(json.dumps({**CONFIG, "max_runs": n_runs}))
        with (folder / "output").open("w") as output:
            sweep = subprocess.Popen(
                [*COMMAND, "sweep", "--workers", "2", "--web", "--port", "0"],
                cwd=folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        started = time.monotonic()
        shown = 0
        while sweep.poll() is None:
            n_ended = count_ended(folder)
            if n_ended >= shown:
                print(f"{n_ended:5d} runs, {time.monotonic() - started:6.1f} s:", flush=True)
                for role, pid in processes_of(sweep.pid).items():
                    print(f"      {role:12s} {figures(pid)}", flush=True)
                shown += max(1, n_runs // 8)
            time.sleep(0.2)
        print((folder / "output").read_text()[-400:])


def count_ended(folder: Path) -> int:
    return sum(
        path.read_bytes().count(b'"event": "ended"') for path in folder.glob("runs/*/journal.jsonl")
    )


def processes_of(sweep: int) -> dict[str, int]:
    """The sweep's process and its children, by what they are."""
    found = {"orchestrator": sweep}
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            arguments = (entry / "cmdline").read_text()
        except (OSError, IndexError):
            continue
        if parent == str(sweep):
            found["supervisor" if "supervision" in arguments else "web"] = int(entry.name)
    return found


def figures(pid: int) -> str:
    try:
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        n_files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return "is gone"
    memory_mb = int(status.get("VmRSS", "0 kB").split()[0]) / 1024
    return f"{n_files:3d} files  {memory_mb:6.1f} MB  {status['Threads'].strip():>3s} threads"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
