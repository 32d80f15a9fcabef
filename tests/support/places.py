"""Paths in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEGACY = ROOT / "tests" / "legacy"


def trainer_path(name: str) -> Path:
    """Return the path of a training script, whichever folder it is in."""
    (path,) = (ROOT / "tests" / "trainers").rglob(name)
    return path
