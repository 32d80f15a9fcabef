"""Pick a sampler for `"sampler": "auto"`. Pure.

The choice follows the measurements in docs/measured.md. The pick is never random search if
something else was better beyond noise, and is random search if nothing was.
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

FEW_RUNS = 14
BAYES_MOST_RUNS = 100
BAYES_MOST_OBJECTIVES = 3


@dataclass(frozen=True)
class PickedSampler:
    """A sampler, and the reason for picking it."""

    name: SamplerName
    reason: str


def pick_sampler(
    space: Space,
    n_runs: int,
    n_workers: int,
    rules: Collection[str],
    *,
    has_metric: bool,
    n_objectives: int = 1,
    has_library: Callable[[str], bool],
) -> PickedSampler:
    """Return the sampler that fits a sweep.

    Args:
        n_runs: how many combinations it may try.
        n_workers: how many runs at once.
        rules: the names of its stopping rules.
        n_objectives: how many it has.
        has_library: whether a module can be imported.
    """
    count = space.n_at_most
    if count is not None and count <= n_runs:
        return PickedSampler("grid", f"all {count} combinations fit into {n_runs} runs")
    if not has_metric:
        return PickedSampler("random", "there is no optimization_metric to learn from")
    comparing = sorted(set(rules) & COMPARING_RULES)
    if comparing and n_objectives > 1:
        return PickedSampler(
            "random",
            f"{comparing[0]} stops most runs before their final result is known, and no sampler "
            "learns several objectives from such runs",
        )
    if n_runs - n_workers < FEW_RUNS:
        return PickedSampler(
            "random", f"{n_runs} runs, {n_workers} at once, are too few to learn from"
        )
    if comparing:
        return PickedSampler(
            "bayes", f"it learns from runs that {comparing[0]} stops, by how far they trained"
        )
    if n_objectives <= BAYES_MOST_OBJECTIVES and n_runs <= BAYES_MOST_RUNS:
        return PickedSampler(
            "bayes", f"it gets the most from few runs ({n_runs}, {n_workers} at once)"
        )
    if not has_library("optuna"):
        return PickedSampler(
            "random",
            "Optuna is not installed, which samplers that learn need: "
            "pip install 'ml-tracking-ops[optuna]'",
        )
    many = "many runs" if n_runs > BAYES_MOST_RUNS else "many objectives"
    return PickedSampler("tpe", f"for {many} ({n_runs} runs, {n_workers} at once)")


def better_sampler(
    sampler: AnySampling, rules: Collection[str], n_objectives: int
) -> tuple[PickedSampler, AnySampling] | None:
    """Return the replacement of plain `tpe` or `gp`, with its settings, or None.

    Both learn only from whole runs, of which a rule that compares runs leaves few. A sampler with a
    setting that only TPE has is not replaced.
    """
    comparing = sorted(set(rules) & COMPARING_RULES)
    if not isinstance(sampler, TpeSampling | GpSampling) or not comparing:
        return None
    if n_objectives > 1:
        return None
    settings = given_settings(sampler)
    if settings.keys() - BayesSampling.model_fields.keys():
        return None
    name, rule = sampler.type, comparing[0]
    why = f"{name} learns from whole runs only, and {rule} stops most runs before their end"
    return PickedSampler("bayes", why), BayesSampling(type="bayes", **settings)


def is_installed(module: str) -> bool:
    """Return whether a module can be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
