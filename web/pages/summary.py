"""A sweep's `experiment_description.json` as readable facts: the summary panel. Pure."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ..runs.formats import format_count, format_number

_SHOWN_ELSEWHERE = frozenset(
    (
        "hyperparameters",
        "main_script_name",
        "max_runs",
        "early_stopping",
        "early_stopping_patience",
        "optimization_metric",
        "optimization_goal",
        "objectives",
        "seed",
        "sampled_hyperparameters",
        "$schema",
    )
)
_UNITS = {"_s": "s", "_gb": "GB", "_hours": "h"}
_NAMED_BY = ("rule", "type", "name")
_ONLY_NAMES = frozenset(("environment",))  # its values may be secret


@dataclass(frozen=True)
class SpaceRow:
    """One hyperparameter: candidates, or bounds, or neither. `text` has anything else."""

    name: str
    type: str
    candidates: tuple[object, ...] | None = None
    low: object = None
    high: object = None
    text: str = ""


@dataclass(frozen=True)
class SummaryFact:
    """`more_href`: where the page requests a fact that takes longer to find."""

    label: str
    value: str
    title: str = ""
    is_code: bool = False
    more_href: str = ""


@dataclass(frozen=True)
class SweepFacts:
    space: tuple[SpaceRow, ...]
    facts: tuple[SummaryFact, ...]
    command: str | None


def summarize_sweep(
    description: Mapping[str, Any],
    config: Mapping[str, Any],
    n_workers: int | None = None,
    max_runs: int | None = None,
) -> SweepFacts:
    """Summarize a sweep. Values that are missing or of an unexpected form are left out or shown as
    they are.

    Args:
        n_workers: the current or last number of workers. The description holds the first number.
        max_runs: the current limit. A resume may have raised it.
    """
    space = config.get("hyperparameters")
    rows = [_space_row(str(name), value) for name, value in _items(space)]
    now = {"n_workers": n_workers, "max_runs": max_runs}
    return SweepFacts(
        tuple(rows), tuple(_facts(description, config, now)), sweep_command(description)
    )


def _items(value: object) -> list[tuple[object, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def _space_row(name: str, value: object) -> SpaceRow:
    if not isinstance(value, dict):
        return SpaceRow(name, "?", text=str(value))
    rest = dict(value)
    kind = str(rest.pop("type", None) or rest.pop("hyp_type", None) or "?")
    candidates = rest.pop("candidates") if isinstance(rest.get("candidates"), list) else None
    has_bounds = "min" in rest and "max" in rest
    low, high = (rest.pop("min"), rest.pop("max")) if has_bounds else (None, None)
    text = str(rest.pop("hyp_desc", ""))
    text = " · ".join(part for part in (text, readable(rest, " · ")) if part)
    return SpaceRow(name, kind, None if candidates is None else tuple(candidates), low, high, text)


def readable(value: object, separator: str = ", ") -> str:
    """Return a value of the configuration in a line: ``asha (min_resource 3)``, ``batch_size
    32``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return separator.join(readable(item) for item in value)
    if not isinstance(value, dict):
        return format_number(value)
    title = next((key for key in _NAMED_BY if isinstance(value.get(key), str)), None)
    parts = [f"{key} {readable(item)}" for key, item in value.items() if key != title]
    if title is None:
        return separator.join(parts)
    return f"{value[title]} ({separator.join(parts)})" if parts else str(value[title])


def _facts(
    description: Mapping[str, Any], config: Mapping[str, Any], now: Mapping[str, int | None]
) -> list[SummaryFact]:
    facts = [
        SummaryFact("Script", str(config.get("main_script_name", "–")), is_code=True),
        SummaryFact("Runs at most", _changed(config.get("max_runs", "–"), now["max_runs"])),
    ]
    metric, goal = config.get("optimization_metric"), config.get("optimization_goal")
    if metric is not None:
        wanted = {"max": "maximise", "min": "minimise"}.get(str(goal), str(goal))
        facts.append(SummaryFact("Goal", f"{wanted} {metric}"))
    if isinstance(objectives := config.get("objectives"), list):
        wanted_of = [_wanted(one) for one in objectives if isinstance(one, Mapping)]
        facts.append(SummaryFact("Goals", ", ".join(wanted_of)))
    facts.append(SummaryFact("Early stopping", _early_stopping(config)))
    facts += [
        _setting(str(key), value)
        for key, value in config.items()
        if key not in _SHOWN_ELSEWHERE and value not in (None, [], {})
    ]
    began = description.get("n_workers")
    is_known = began is not None or now["n_workers"] is not None
    workers = _changed(began, now["n_workers"]) if is_known else None
    return facts + _origin({**description, "n_workers": workers})


def _wanted(objective: Mapping[str, Any]) -> str:
    goal = {"max": "maximise", "min": "minimise"}.get(str(objective.get("goal")), "optimise")
    return f"{goal} {objective.get('metric')}"


def _changed(began: object, now: int | None) -> str:
    """Return a number that may have changed since the sweep began."""
    if not isinstance(began, int):
        return str(began) if now is None else format_count(now)
    if now is None or now == began:
        return format_count(began)
    return f"{format_count(now)}, began with {format_count(began)}"


def _setting(key: str, value: object) -> SummaryFact:
    unit = next((unit for suffix, unit in _UNITS.items() if key.endswith(suffix)), "")
    label = key.removesuffix("_s").removesuffix("_gb").replace("_", " ").capitalize()
    if key in _ONLY_NAMES and isinstance(value, dict):
        value = [str(name) for name in value]
    return SummaryFact(label, f"{readable(value)} {unit}".rstrip())


def _early_stopping(config: Mapping[str, Any]) -> str:
    patience = config.get("early_stopping_patience")
    if not config.get("early_stopping") and config.get("stopping_rules"):
        return "by the stopping rules alone"
    if not config.get("early_stopping") and patience is None:
        return "off" if "early_stopping" in config else "not recorded"
    if not config.get("early_stopping"):
        return "off"
    return f"after {patience} values without improvement"


def _origin(description: Mapping[str, Any]) -> list[SummaryFact]:
    """Return where and with what it was started. The original tool recorded none of it."""
    facts = [
        SummaryFact(label, str(description[key]))
        for key, label in (("seed", "Seed"), ("n_workers", "Workers"), ("host", "Host"))
        if description.get(key) is not None
    ]
    git = description.get("git")
    if isinstance(git, dict) and git.get("commit"):
        commit = str(git["commit"])
        dirty = ", with changes" if git.get("is_dirty") else ""
        facts.append(SummaryFact("Git commit", commit[:10] + dirty, commit, is_code=True))
    if description.get("python") is not None:
        facts.append(SummaryFact("Python", str(description["python"])))
    return facts


def sweep_command(description: Mapping[str, Any]) -> str | None:
    """Return the command line that started the sweep, without the folder of the program."""
    command = description.get("command")
    if isinstance(command, str):
        return command
    if not isinstance(command, list) or not command:
        return None
    program, *arguments = (str(part) for part in command)
    return shlex.join([PurePath(program).name, *arguments])
