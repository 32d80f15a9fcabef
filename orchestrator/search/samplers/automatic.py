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
    GpSampling,
    SamplerName,
    TpeSampling,
    given_settings,
)
from ..space import Space

FEW_RUNS = 15
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
            "gp", f"it learns from runs that {comparing[0]} stops, by how far they trained"
        )
    if not has_library("optuna"):
        return PickedSampler(
            "random",
            "Optuna is not installed, which samplers that learn need: "
            "pip install 'ml-tracking-ops[optuna]'",
        )
    found = _learning(space, n_runs, n_workers, has_library)
    if has_aims and found.name == "tpe":
        return PickedSampler(
            "tpe", f"it supports several objectives and constraints ({n_runs} runs)"
        )
    return found


def instead_of_tpe(
    sampler: AnySampling, rules: Collection[str], *, has_aims: bool
) -> tuple[PickedSampler, AnySampling] | None:
    """What takes the place of plain `tpe`, with its settings, or None if nothing does.

    TPE learns from whole runs alone, of which a rule that compares runs leaves few. One with a
    setting that only TPE has stays what it is.
    """
    comparing = sorted(set(rules) & COMPARING_RULES)
    if not isinstance(sampler, TpeSampling) or not comparing or has_aims:
        return None
    settings = given_settings(sampler)
    if settings.keys() - {"n_startup_trials"}:
        return None
    why = f"tpe learns from whole runs only, and {comparing[0]} stops most runs before their end"
    return PickedSampler("gp", why), GpSampling(type="gp", **settings)


def _learning(
    space: Space, n_runs: int, n_workers: int, has_library: Callable[[str], bool]
) -> PickedSampler:
    is_small = n_runs <= GP_MOST_RUNS and n_workers <= GP_MOST_WORKERS
    is_plain = all(space.hyperparameters[name].when is None for name in space.sampled)
    if is_small and is_plain and has_library("torch") and has_library("scipy"):
        return PickedSampler(
            "gp", f"it gets the most from few runs ({n_runs}, {n_workers} at once)"
        )
    why = "for many runs" if n_runs > GP_MOST_RUNS else "it learns and needs only Optuna"
    return PickedSampler("tpe", f"{why} ({n_runs}, {n_workers} at once)")


def is_installed(module: str) -> bool:
    """Whether a module can be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
