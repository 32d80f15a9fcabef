"""The contract with a training script: how a run is started."""

import sys
from pathlib import Path

from .config import as_text
from .samplers import Combination


def command_line(script: Path, logdir: Path, combination: Combination) -> tuple[str, ...]:
    """The argument list that starts one run; each value arrives whole, whatever it begins with."""
    hyperparameters = (f"--{name}={as_text(value)}" for name, value in combination.items())
    return (sys.executable, str(script), f"--logdir={logdir}", *hyperparameters)
