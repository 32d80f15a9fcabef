"""Which sampler `"sampler": "auto"` picks. Pure.

The choice follows the measurements in docs/measured.md. A pick is never random search where
something else was better beyond noise, and is random search where nothing was.
"""

import importlib.util
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ...store.run_record import COMPARING_RULES
from ..sampler_settings import (
    AnySampling,
    BayesSampling,
    GpSampling,
    SamplerName,
    TpeSampling,
    given_settings,
)
from ..space import Space

FEW_RUNS = 15
BAYES_MOST_RUNS = 100
GP_MOST_RUNS = 100
GP_MOST_WORKERS = 4


@dataclass(frozen=True)
class PickedSampler:
    """A sampler, and why it was picked, in words."""

    name: SamplerName
    reason: str


def pick_sampler(
    space: Space,
    n_runs: int,
    n_workers: int,
    rules: Collection[str],
    *,
    has_metric: bool,
    has_aims: bool = False,
    has_library: Callable[[str], bool],
) -> PickedSampler:
    """The sampler that fits a sweep.

    Args:
        n_runs: how many combinations it may try.
        n_workers: how many runs at once.
        rules: the names of its stopping rules.
        has_aims: whether it has several objectives, or constraints on outcomes.
        has_library: whether a module can be imported.
    """
    count = space.n_at_most
    if count is not None and count <= n_runs:
        return PickedSampler("grid", f"all {count} combinations fit into {n_runs} runs")
    if not has_metric:
        return PickedSampler("random", "there is no optimization_metric to learn from")
    comparing = sorted(set(rules) & COMPARING_RULES)
    if comparing and has_aims:
        return PickedSampler(
            "random",
            f"{comparing[0]} stops most runs before they show what they are worth, and no sampler "
            "knows several objectives, or constraints on outcomes, of such runs",
        )
    if n_runs - n_workers < FEW_RUNS:
        return PickedSampler(
            "random", f"{n_runs} runs, {n_workers} at once, are too few to learn from"
        )
    if comparing:
        return PickedSampler(
            "bayes", f"it learns from runs that {comparing[0]} stops, by how far they trained"
        )
    if not has_aims and n_runs <= BAYES_MOST_RUNS:
        return PickedSampler(
            "bayes", f"it gets the most from few runs ({n_runs}, {n_workers} at once)"
        )
    if not has_library("optuna"):
        return PickedSampler(
            "random",
            "Optuna is not installed, which samplers that learn need: "
            "pip install 'ml-tracking-ops[optuna]'",
        )
    if not has_aims:
        return PickedSampler("tpe", f"for many runs ({n_runs}, {n_workers} at once)")
    return _for_several(space, n_runs, n_workers, has_library)


def better_sampler(
    sampler: AnySampling, rules: Collection[str], *, has_aims: bool
) -> tuple[PickedSampler, AnySampling] | None:
    """What takes the place of plain `tpe` or `gp`, with its settings, or None if nothing does.

    Both learn from whole runs alone, of which a rule that compares runs leaves few. A sampler with
    a setting that only TPE has stays what it is.
    """
    comparing = sorted(set(rules) & COMPARING_RULES)
    if not isinstance(sampler, TpeSampling | GpSampling) or not comparing or has_aims:
        return None
    settings = given_settings(sampler)
    if settings.keys() - BayesSampling.model_fields.keys():
        return None
    name, rule = sampler.type, comparing[0]
    why = f"{name} learns from whole runs only, and {rule} stops most runs before their end"
    return PickedSampler("bayes", why), BayesSampling(type="bayes", **settings)


def _for_several(
    space: Space, n_runs: int, n_workers: int, has_library: Callable[[str], bool]
) -> PickedSampler:
    """What knows several objectives, and constraints on outcomes."""
    is_small = n_runs <= GP_MOST_RUNS and n_workers <= GP_MOST_WORKERS
    is_plain = all(space.hyperparameters[name].when is None for name in space.sampled)
    if is_small and is_plain and has_library("torch") and has_library("scipy"):
        return PickedSampler(
            "gp", f"it gets the most from few runs ({n_runs}, {n_workers} at once)"
        )
    return PickedSampler("tpe", f"it supports several objectives and constraints ({n_runs} runs)")


def is_installed(module: str) -> bool:
    """Whether a module can be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
