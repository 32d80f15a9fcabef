"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEGACY = ROOT / "tests" / "legacy"


def trainer_path(name: str) -> Path:
    """A training script, by its name alone: which folder it is in may change."""
    (path,) = (ROOT / "tests" / "trainers").rglob(name)
    return path
