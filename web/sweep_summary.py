"""A sweep's `experiment_description.json` as facts to read: the summary panel. Pure."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

_SHOWN_ELSEWHERE = frozenset(
    ("hyperparameters", "main_script_name", "max_runs", "early_stopping", "early_stopping_patience",
     "optimization_metric", "optimization_goal", "seed", "sampled_hyperparameters", "$schema")
)  # fmt: skip


@dataclass(frozen=True)
class SpaceRow:
    """One hyperparameter: candidates, or bounds, or else a text."""

    name: str
    type: str
    candidates: tuple[object, ...] | None = None
    low: object = None
    high: object = None
    text: str = ""


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    title: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class SweepSummary:
    space: tuple[SpaceRow, ...]
    facts: tuple[Fact, ...]
    command: str | None


def summarize(description: Mapping[str, Any], config: Mapping[str, Any]) -> SweepSummary:
    """Whatever is missing or of an unexpected shape is left out or shown as it stands."""
    space = config.get("hyperparameters")
    rows = [_space_row(str(name), value) for name, value in _items(space)]
    return SweepSummary(tuple(rows), tuple(_facts(description, config)), _command(description))


def _items(value: object) -> list[tuple[object, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def _space_row(name: str, value: object) -> SpaceRow:
    if not isinstance(value, dict):
        return SpaceRow(name, "?", text=str(value))
    kind = str(value.get("type") or value.get("hyp_type") or "?")
    if isinstance(value.get("candidates"), list):
        return SpaceRow(name, kind, candidates=tuple(value["candidates"]))
    if "min" in value and "max" in value:
        return SpaceRow(name, kind, low=value["min"], high=value["max"])
    rest = {key: item for key, item in value.items() if key not in ("type", "hyp_type")}
    return SpaceRow(name, kind, text=str(rest.get("hyp_desc") or rest))


def _facts(description: Mapping[str, Any], config: Mapping[str, Any]) -> list[Fact]:
    facts = [
        Fact("Script", str(config.get("main_script_name", "–")), is_code=True),
        Fact("Runs at most", str(config.get("max_runs", "–"))),
    ]
    metric, goal = config.get("optimization_metric"), config.get("optimization_goal")
    if metric is not None:
        wanted = {"max": "maximise", "min": "minimise"}.get(str(goal), str(goal))
        facts.append(Fact("Goal", f"{wanted} {metric}"))
    facts.append(Fact("Early stopping", _early_stopping(config)))
    facts += [
        Fact(str(key).replace("_", " ").capitalize(), str(value))
        for key, value in config.items()
        if key not in _SHOWN_ELSEWHERE
    ]
    facts += _origin(description)
    return facts


def _early_stopping(config: Mapping[str, Any]) -> str:
    patience = config.get("early_stopping_patience")
    if not config.get("early_stopping") and patience is None:
        return "off" if "early_stopping" in config else "not recorded"
    if not config.get("early_stopping"):
        return "off"
    return f"after {patience} values without improvement"


def _origin(description: Mapping[str, Any]) -> list[Fact]:
    """Where and with what it was started; the original tool recorded none of it."""
    facts = [
        Fact(label, str(description[key]))
        for key, label in (("seed", "Seed"), ("n_workers", "Workers"), ("host", "Host"))
        if description.get(key) is not None
    ]
    git = description.get("git")
    if isinstance(git, dict) and git.get("commit"):
        commit = str(git["commit"])
        dirty = ", with changes" if git.get("is_dirty") else ""
        facts.append(Fact("Git commit", commit[:10] + dirty, commit, is_code=True))
    if description.get("python") is not None:
        facts.append(Fact("Python", str(description["python"])))
    return facts


def _command(description: Mapping[str, Any]) -> str | None:
    command = description.get("command")
    if isinstance(command, str):
        return command
    if not isinstance(command, list) or not command:
        return None
    program, *arguments = (str(part) for part in command)
    return shlex.join([PurePath(program).name, *arguments])
