"""A run of a sweep that is run again by hand: the command for it names the run."""

import os

from .. import paths

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from typing import Any


def rerun_source() -> "dict[str, Any] | None":
    """Return the run that this process reruns, from the environment, or None.

    It has `sweep`, `run` (its number) and `hyperparameters`.
    """
    text = os.environ.get(paths.RERUN_VARIABLE)
    if not text:
        return None
    import json

    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def folder_name() -> str:
    """Return the name for a new run's folder: the time, and for a rerun also its run."""
    name, rerun = paths.timestamp(), rerun_source()
    if rerun is None:
        return name
    text = f"{name}_run_{rerun.get('run')}_of_{rerun.get('sweep')}_again"
    return "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in text)[:150]


def record_of_rerun() -> dict[str, object]:
    """Return the record of the run that this one reruns, or empty if there is none."""
    rerun = rerun_source()
    if rerun is None:
        return {}
    config = rerun.pop("hyperparameters", {})
    return {"rerun_of": rerun, "config": config if isinstance(config, dict) else {}}
