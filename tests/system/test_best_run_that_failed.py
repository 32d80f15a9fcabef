"""The best run is never a failed one, or one that was killed, without a word."""

import json
import subprocess
import sys
from pathlib import Path

from sweeps import choice, run_command, write_config

KILLED = """
import os, signal, sys
from ml_tracking_ops.experiment.logger import ExperimentLogger

x = float(sys.argv[-1].partition("=")[2])
writer = ExperimentLogger()
writer.add_scalar("Accuracy", x, 1)
if x == 2:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_terminal_says_that_the_best_run_was_out_of_memory(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "short.py",
        main_script_name="killed.py",
        hyperparameters={"x": choice(1, 2)},
        sampler="grid",
        max_runs=2,
        command=["${interpreter}", "${program}", "--x=${param:x}"],
    )
    config = json.loads((tmp_path / "experiment_cfg.json").read_text())
    del config["hyperparameters"]["draw"]
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    (tmp_path / "killed.py").write_text(KILLED)
    done = run_command("sweep", "--workers", "1", folder=tmp_path)
    best = next(line for line in done.stdout.splitlines() if line.startswith("best run:"))
    assert "_0002 (failed)  Accuracy=2 at step 1" in best
    (sweep,) = (tmp_path / "runs").iterdir()
    shown = run_command("show", sweep, folder=tmp_path).stdout
    assert "_0002 (failed)" in next(line for line in shown.splitlines() if "best:" in line)
    report = json.loads(run_command("show", sweep, "--json", folder=tmp_path).stdout)
    assert report["runs"][1]["state"] == "failed"
    assert "probably out of memory" in report["runs"][1]["reason"]


def test_show_says_why_the_state_of_an_experiment_is_not_known(tmp_path: Path) -> None:
    script = (
        "from ml_tracking_ops.logger import ExperimentLogger\n"
        "ExperimentLogger('runs').add_scalar('loss', 1.0, 0)\n"
        "try:\n"
        "    code = 'no code'\n"
        "except SystemExit:\n"  # who catches it must get Python's own
        "    raise\n"
        "raise SystemExit([code])\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False, timeout=60)
    (folder,) = (tmp_path / "runs").iterdir()
    shown = run_command("show", folder, folder=tmp_path).stdout
    assert "lost (the script ended with `raise SystemExit`, which hides its exit code" in shown
