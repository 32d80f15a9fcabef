"""Pass a run's hyperparameters to `wandb.config`, without a server.

W&B's client fills `wandb.config` from the file in WANDB_SWEEP_PARAM_PATH, written as W&B's agent
does. This works offline too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

CONFIG_VARIABLE = "WANDB_SWEEP_PARAM_PATH"
MODE_VARIABLE = "WANDB_MODE"
OFFLINE = "offline"


def client_config_path(folder: Path, name: str) -> Path:
    """Return the file for the run `name` in a sweep's folder."""
    return folder / f"{name}{paths.WANDB_CONFIG_SUFFIX}"


def client_config(passed: Mapping[str, Any]) -> str:
    """Return the content of the file for these names and values."""
    import yaml

    config = {name: {"value": value} for name, value in passed.items()}
    text: str = yaml.safe_dump(config, sort_keys=False)  # ASCII, which any encoding can read
    return f"wandb_version: 1\n\n{text}"


def client_environment(path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a run. The client is offline unless `environment` sets it
    otherwise."""
    offline = {} if MODE_VARIABLE in environment else {MODE_VARIABLE: OFFLINE}
    return {CONFIG_VARIABLE: str(path), **offline}
