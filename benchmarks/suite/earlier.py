"""An earlier version of the product, run beside this one to measure the effect of a change.

Its code is taken from the repository's history and run by the same interpreter, with the same
packages.
"""

import shutil
import subprocess
from pathlib import Path

from .scratch import FOLDER

BEFORE_DIGESTS = "3cdfc9b"
"""The last commit whose dashboard kept nothing of logs from one server to the next."""
_PACKAGES = ("logger", "orchestrator", "web")
_ROOT = Path(__file__).resolve().parents[2]


def code_of(commit: str) -> Path:
    """Return a folder with the earlier package, for `PYTHONPATH`."""
    folder = FOLDER / f"code-{commit}"
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    package = unfinished / "ml_tracking_ops"
    package.mkdir(parents=True)
    packed = subprocess.run(
        ["git", "archive", commit, *_PACKAGES], cwd=_ROOT, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", package], input=packed.stdout, check=True)
    for name in ("experiment", "integrations"):
        (package / name).symlink_to(package / "logger" / name)
    unfinished.rename(folder)
    return folder
