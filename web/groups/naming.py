"""The ways to group the runs of a sweep, and which run belongs to which group. Pure.

A hyperparameter with few values makes a group for each. One with many numbers is divided into
ranges with about as many runs each. `combination` groups the runs that differ only in their seed,
``but.NAME,NAME`` those that differ only in the named settings. ``tag`` those with a tag, of which a
run may have several. ``name.PATTERN`` those with the same part of their name, which a regular
expression finds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from ml_tracking_ops.orchestrator.store.files.fields import is_finite_number

from ..runs.formats import format_number
from ..runs.name_patterns import parse_pattern
from ..runs.names import natural_key

COMBINATION = "combination"
HYPERPARAMETER = "p."
ALL_BUT = "but."
TAG = "tag"
NAME = "name."
MOST_GROUPS = 12
_N_RANGES = 6
_MOST_COMBINATIONS = 200

SettingValues = Mapping[str, Any]


@dataclass(frozen=True)
class RunGroup:
    """`members`: the positions of its runs among all. `short`: its values alone, for lists."""

    id: str
    name: str
    members: list[int]
    short: str | None = None


@dataclass(frozen=True, slots=True)
class RunLabels:
    """A user's annotations of a run: its names, the given one first, and its tags."""

    names: tuple[str, ...]
    tags: tuple[str, ...] = ()


def groupings(
    runs: Iterable[SettingValues], seed: str | None, logged: Iterable[str] = ()
) -> list[dict[str, str]]:
    """Return ``{"value": …, "label": …}`` for each way to group these runs.

    Args:
        seed: the name of the hyperparameter that is one, as `seed_name_of` finds it.
        logged: settings that only the scripts logged, and in which runs differ.
    """
    names = dict.fromkeys(name for run in runs for name in run if name != seed)
    has_combinations = bool(names)
    logged = list(logged)
    left_out = [*names, *([seed] if seed is not None else [])] if has_combinations else logged
    names.update(dict.fromkeys(logged))
    offered = [{"value": HYPERPARAMETER + name, "label": name} for name in names]
    if has_combinations:
        offered.insert(0, {"value": COMBINATION, "label": "Repeats of a combination"})
    return offered + [{"value": all_but(name), "label": name} for name in left_out]


def label_groupings(*, has_tags: bool, has_names: bool) -> list[dict[str, str]]:
    """Return the ways to group runs by names and tags."""
    offered = [{"value": TAG, "label": "Tag"}] if has_tags else []
    return [*offered, {"value": NAME, "label": "Part of the name"}] if has_names else offered


def all_but(*names: str) -> str:
    """Return groups of the runs that differ only in these settings."""
    return ALL_BUT + ",".join(quote(name, safe="") for name in names)


def names_left_out(by: str) -> frozenset[str]:
    """Return the settings that ``but.NAME,NAME`` leaves out."""
    return frozenset(map(unquote, filter(None, by.removeprefix(ALL_BUT).split(","))))


def group_runs(
    runs: Sequence[SettingValues],
    by: str,
    seed: str | None,
    labels: Sequence[RunLabels] = (),
    most: int = _MOST_COMBINATIONS,
) -> list[RunGroup] | None:
    """Return the groups of these runs in the order of their values, or None if `by` names nothing.

    Runs without the hyperparameter (a conditional one) belong to no group.

    Args:
        labels: of each run, if `by` may ask for names and tags.
        most: how many groups of combinations or names to keep. The smaller ones are left out.

    Raises:
        NamePatternError: `by` has a regular expression that is invalid.
    """
    if by == TAG:
        return _by_tag(labels)
    if by.startswith(NAME):
        return _by_name(labels, by.removeprefix(NAME), most)
    if by == COMBINATION:
        return _by_rest(runs, frozenset((seed,)), COMBINATION, most)
    if by.startswith(ALL_BUT):
        left_out = names_left_out(by)
        is_known = any(name in run for run in runs for name in left_out)
        return _by_rest(_differing(runs), left_out, by, most) if is_known else None
    name = by.removeprefix(HYPERPARAMETER)
    having = [at for at, run in enumerate(runs) if name in run]
    if not by.startswith(HYPERPARAMETER) or not having:
        return None
    values = [runs[at][name] for at in having]
    if _are_many_numbers(values):
        return _by_range(name, np.asarray(values, np.float64), having)
    return _by_value(name, values, having)


def _by_tag(labels: Sequence[RunLabels]) -> list[RunGroup] | None:
    found: dict[str, list[int]] = {}
    for at, one in enumerate(labels):
        for tag in dict.fromkeys(one.tags):
            found.setdefault(tag, []).append(at)
    return [RunGroup(f"{TAG}={tag}", tag, found[tag]) for tag in sorted(found)] or None


def _by_name(labels: Sequence[RunLabels], text: str, most: int) -> list[RunGroup]:
    pattern, found = parse_pattern(f"/{text}/"), dict[str, list[int]]()
    for at, one in enumerate(labels):
        part = pattern.part(one.names)
        if part is not None:
            found.setdefault(part, []).append(at)
    ordered = sorted(found, key=natural_key)[:most]
    return [RunGroup(f"{NAME}{text}={part}", part, found[part]) for part in ordered]


def _differing(runs: Sequence[SettingValues]) -> list[SettingValues]:
    """Return the runs without the settings that are the same for all of them."""
    texts: dict[str, set[str]] = {}
    n_having: dict[str, int] = {}
    for run in runs:
        for name, value in run.items():
            texts.setdefault(name, set()).add(format_number(value))
            n_having[name] = n_having.get(name, 0) + 1
    same = {name for name, n in n_having.items() if n == len(runs) and len(texts[name]) == 1}
    return [{name: value for name, value in run.items() if name not in same} for run in runs]


def _by_rest(
    runs: Sequence[SettingValues], left_out: Collection[str | None], prefix: str, most: int
) -> list[RunGroup]:
    """Group by all settings but the named ones, groups of several runs first.

    A sweep of single runs has as many groups as runs.
    """
    found: dict[str, list[int]] = {}
    short: dict[str, str] = {}
    for at, run in enumerate(runs):
        shared = {k: format_number(value) for k, value in run.items() if k not in left_out}
        text = ", ".join(f"{name} {value}" for name, value in shared.items())
        found.setdefault(text, []).append(at)
        short[text] = ", ".join(shared.values())
    by_size = sorted(found.items(), key=lambda item: -len(item[1]))[:most]
    return [
        RunGroup(f"{prefix}={text}", text or "all", members, short[text] or None)
        for text, members in by_size
    ]


def _by_value(name: str, values: Sequence[object], having: Sequence[int]) -> list[RunGroup]:
    found: dict[str, list[int]] = {}
    order: dict[str, tuple[int, Any]] = {}
    for value, at in zip(values, having, strict=True):
        text = format_number(value)
        found.setdefault(text, []).append(at)
        order.setdefault(text, (0, value) if is_finite_number(value) else (1, text))
    return [
        RunGroup(f"{HYPERPARAMETER}{name}={text}", f"{name} {text}", found[text])
        for text in sorted(found, key=order.__getitem__)
    ]


def _by_range(
    name: str, values: np.ndarray[Any, np.dtype[np.float64]], having: Sequence[int]
) -> list[RunGroup]:
    """Group into ranges with about as many runs each. Equal values stay together."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _N_RANGES + 1), method="nearest"))
    of_run = np.clip(np.searchsorted(edges, values, "right") - 1, 0, max(0, len(edges) - 2))
    groups = []
    for number in range(max(1, len(edges) - 1)):
        members = [having[at] for at in np.flatnonzero(of_run == number).tolist()]
        low, high = edges[number], edges[min(number + 1, len(edges) - 1)]
        text = f"{_short(low)} to {_short(high)}"
        groups.append(RunGroup(f"{HYPERPARAMETER}{name}={text}", f"{name} {text}", members))
    return [group for group in groups if group.members]


def _short(value: float) -> str:
    """Return a number in two digits, which are enough to distinguish ranges."""
    return format_number(float(f"{value:.2g}"))


def _are_many_numbers(values: Sequence[object]) -> bool:
    return all(is_finite_number(value) for value in values) and len(set(values)) > MOST_GROUPS
