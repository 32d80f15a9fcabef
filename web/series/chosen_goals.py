"""Goals that users chose for the metrics of a log folder: lower or higher values are better.

They are in `annotations.json` in the log folder itself, with the annotations of experiments:

    {"format_version": 1, "metrics": {METRIC: {"goal": "min"}, …}}
"""

from functools import partial
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.store.annotations import edit_file, read_file
from ml_tracking_ops.orchestrator.store.files.identities import FileValue
from ml_tracking_ops.orchestrator.store.objective import Goal

LONGEST_METRIC = 1_000
_MOST_METRICS = 10_000


def goals_file(logdir: Path) -> FileValue[dict[str, Goal]]:
    """Return the goals of a log folder, read again only after a change."""
    return FileValue(logdir / paths.ANNOTATIONS_NAME, partial(read_goals, logdir), {})


def read_goals(logdir: Path) -> dict[str, Goal]:
    """Return the goals by metric. Empty if the file is missing or damaged."""
    known = read_file(logdir).get("metrics")
    if not isinstance(known, dict):
        return {}
    return {name: goal for name, entry in known.items() if (goal := _goal_of(entry)) is not None}


def choose_goal(logdir: Path, metric: str, goal: Goal | None) -> None:
    """Record the goal of a metric. None removes it.

    Raises:
        UsageError: the name is too long, or there are too many.
        AnnotationError: the file cannot be read or written. It is left as it was.
    """
    if not metric or len(metric) > LONGEST_METRIC:
        raise UsageError(f"a metric has a name of 1 to {LONGEST_METRIC} characters")
    edit_file(logdir, lambda data: _put(data, metric, goal))


def _goal_of(entry: object) -> Goal | None:
    goal = entry.get("goal") if isinstance(entry, dict) else None
    return goal if goal == "min" or goal == "max" else None


def _put(data: dict[str, Any], metric: str, goal: Goal | None) -> None:
    """Change one entry in place. Keys that this version does not know are kept."""
    known = data.get("metrics")
    metrics = data["metrics"] = known if isinstance(known, dict) else {}
    entry = metrics.get(metric)
    others = entry.items() if isinstance(entry, dict) else ()
    kept = {key: one for key, one in others if key != "goal"}
    changed = kept if goal is None else {**kept, "goal": goal}
    if changed:
        metrics[metric] = changed
    else:
        metrics.pop(metric, None)
    if len(metrics) > _MOST_METRICS:
        raise UsageError(f"goals are kept for at most {_MOST_METRICS} metrics")
