"""Find a finished sweep of the same script and metric, for which rules could be tried."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from ..config.files import read_text
from ..config.model import SweepConfig

_NEWEST = 20
_FEWEST_RUNS = 5


def similar_sweep(config: SweepConfig, logdir: Path) -> str | None:
    """Return the name of a sweep without rules to learn from, or None if none of the newest fits.

    A sweep that has a rule of its own, or no metric, needs none.
    """
    if config.stopping_rules or config.early_stopping or config.optimization_metric is None:
        return None
    from ..store.catalog import find_item
    from ..store.sweep_folder import Sweep

    for folder, source in _newest(logdir):
        if not _is_alike(source, config):
            continue
        sweep = find_item(str(folder), logdir)
        runs = sweep.record.runs if isinstance(sweep, Sweep) else {}
        if isinstance(sweep, Sweep) and sweep.record.state == "finished":
            return sweep.name if len(runs) >= _FEWEST_RUNS else None
    return None


def _newest(logdir: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the newest sweeps of a log folder, by their names, with their configurations."""
    try:
        names = sorted((path.name for path in logdir.iterdir()), reverse=True)
    except OSError:
        return
    for name in names[:_NEWEST]:
        try:
            described = json.loads(read_text(logdir / name / paths.DESCRIPTION_NAME))
            source = described["config"]
        except (OSError, ValueError, TypeError, KeyError):
            continue
        if isinstance(source, dict):
            yield logdir / name, source


def _is_alike(source: Mapping[str, Any], config: SweepConfig) -> bool:
    """Return whether it trained the same script for the same metric, and no rule stopped it."""
    return (
        source.get("main_script_name") == config.main_script_name
        and source.get("optimization_metric") == config.optimization_metric
        and not source.get("stopping_rules")
        and source.get("early_stopping") is not True
    )
