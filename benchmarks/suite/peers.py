"""Other trackers, each in its own virtual environment, in a folder that git ignores.

`BENCHMARK_PEERS` names another folder, which several checkouts can share.

The offline mode of each peer is set, if it has one.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("BENCHMARK_PEERS", ROOT / ".peers"))
WORKERS = ROOT / "workers"
_INSTALL_S = 600

REQUIREMENTS = {
    "tensorboardX": ["tensorboardX"],
    "tensorboard": ["tensorboard", "setuptools<81"],
    "dvclive": ["dvclive"],
    "trackio": ["trackio>=0.43"],
    "goodseed": ["goodseed"],
    "p95": ["p95"],
    "aim": ["aim"],
    "mlflow": ["mlflow"],
    "wandb": ["wandb"],
    "optuna": ["optuna"],
    "ray": ["ray[tune]"],
    "suite": ["matplotlib", "playwright"],
}
_QUIET = {
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "GIT_PYTHON_REFRESH": "quiet",
    "AIM_TELEMETRY": "0",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}


class PeerMissingError(Exception):
    """A peer could not be installed here, or does not run."""


@cache
def python_of(peer: str) -> Path:
    """Return the interpreter of a peer's environment, and make the environment if it is missing.

    Raises:
        PeerMissingError: it cannot be installed.
    """
    folder = FOLDER / peer
    python, mark = folder / "bin" / "python", folder / ".installed"
    if mark.exists():
        return python
    print(f"  installing {peer} …", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, *REQUIREMENTS[peer]],
        capture_output=True,
        text=True,
        timeout=_INSTALL_S,
        check=False,
    )
    if done.returncode:
        raise PeerMissingError(f"{peer} cannot be installed: {_last_line(done.stderr)}")
    mark.touch()
    return python


def version_of(peer: str) -> str:
    """Return the installed version."""
    code = f"import importlib.metadata as m; print(m.version({peer!r}))"
    return subprocess.run(
        [python_of(peer), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def run_worker(
    python: Path | str, worker: str, *arguments: object, timeout_s: float = 300
) -> dict[str, Any]:
    """Run `workers/WORKER.py` and return the JSON object of its last line.

    Raises:
        PeerMissingError: it failed.
    """
    command = [str(python), str(WORKERS / f"{worker}.py"), *map(str, arguments)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            cwd=tempfile.gettempdir(),  # dvclive writes into the repository around it
        )
    except subprocess.TimeoutExpired:
        raise PeerMissingError(
            f"{worker} {arguments[0]}: took longer than {timeout_s:g} s"
        ) from None
    try:
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        said = _last_line(done.stderr or done.stdout)
        raise PeerMissingError(f"{worker} {arguments[0]}: {said}") from None
    return found


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no output"


OWN_PYTHON = sys.executable
