"""Whatever is printed survives a terminal that knows ASCII alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ml_tracking_ops.logger import ExperimentLogger

ASCII_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
COMMAND = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli"]


@pytest.mark.parametrize("arguments", [["list"], ["show", "model"], ["export", "model"]])
@pytest.mark.parametrize("surroundings", [ASCII_LOCALE, {"PYTHONIOENCODING": "ascii"}])
def test_names_that_ascii_does_not_have_are_spelled_out(
    tmp_path: Path, arguments: list[str], surroundings: dict[str, str]
) -> None:
    for name in ("model", "Größe"):
        (tmp_path / name).mkdir()
        with ExperimentLogger.at(tmp_path / name / f"{name}.dat") as writer:
            writer.add_scalar("Größe", 0.5, 1)
    done = subprocess.run(
        [*COMMAND, *arguments, "--logdir", str(tmp_path)],
        capture_output=True,
        timeout=60,
        env={**os.environ, **surroundings},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Gr\\x" in done.stdout or b"Gr\\ud" in done.stdout
