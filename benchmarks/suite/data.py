"""Data sets that several figures read and none changes: written once, and kept."""

import os
import shutil
from pathlib import Path

from .logs import write_experiments
from .scratch import FOLDER


def experiments(n_runs: int, n_steps: int) -> Path:
    """A log folder of so many experiments with so many steps of five metrics each."""
    folder = FOLDER / f"{n_runs}-experiments-of-{n_steps}"
    if not folder.exists():
        print(f"  writing {n_runs:,} experiments × 5 × {n_steps:,} points …", flush=True)
        unfinished = folder.with_suffix(f".{os.getpid()}")
        try:
            write_experiments(unfinished, n_runs, n_steps)
            unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder
