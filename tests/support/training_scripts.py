"""Real training processes and their logs."""

import subprocess
import sys
import textwrap

from ml_tracking_ops.logger import RunLog

RUN_FILE = "ML_TRACKING_OPS_RUN_FILE"


def run_script(
    script: str, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """Run a real training process with a `logger`."""
    source = "from ml_tracking_ops.experiment.logger import ExperimentLogger\nimport os, sys\n"
    return subprocess.Popen(
        [sys.executable, *options, "-c", source + textwrap.dedent(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], returncode: int = 0) -> tuple[str, str]:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == returncode, errors
    return output, errors


def steps(log: RunLog, name: str = "loss") -> list[int]:
    return [int(step) for step in log[name].step]
