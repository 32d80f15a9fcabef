"""Every sampler by its name: its requirements, and how it is opened.

A new sampler is a module in this folder, an entry in `SAMPLERS`, and its settings in
`search.sampler_settings`. A library that it needs is an extra in pyproject.toml. Texts about it
are built from its entry, in `descriptions`. Those of OptunaHub and of other packages are found by
their settings.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...store.objective import Goal
from ...store.outcomes.aims import NO_AIMS, Aims
from ...store.run_record import COMPARING_RULES
from ..plugins import SamplerPlugin, find_plugin
from ..sampler_settings import (
    AnySampling,
    OptunaHubSampling,
    OtherSampling,
    SamplerName,
    given_settings,
    sampler_named,
)
from ..space import Combination, Space
from .automatic import BAYES_MOST_OBJECTIVES
from .base import Sampler, SequenceSampler
from .extras import import_extra, import_torch
from .grid import GridSampler
from .plugin import OtherSampler
from .random import RandomSampler
from .sobol import SobolSampler

if TYPE_CHECKING:
    import optuna

_Open = Callable[
    [AnySampling, Space, int, Goal, Iterable[Combination], Aims, Collection[str]], Sampler
]
"""Makes a sampler from its settings, the space, the seed, the goal, what need not run again, and
the aims."""


@dataclass(frozen=True)
class RegisteredSampler:
    """A sampler that a configuration can name.

    Attributes:
        libraries: the modules that it imports, each with its extra.
        learns: whether it uses earlier runs, and so needs a metric.
        does: for one that does not learn, what it does with combinations. It follows the name.
        most_objectives: how many it supports at once, or None for any number.
    """

    open: _Open
    libraries: Mapping[str, str] = field(default_factory=dict)
    needs_torch: bool = False
    learns: bool = False
    does: str = ""
    most_objectives: int | None = None


def _sequence(kind: type[SequenceSampler]) -> _Open:
    return lambda settings, space, seed, goal, taken, aims, rules: kind(space, seed, taken)


def _optuna(name: str) -> _Open:
    def open_learning(
        settings: AnySampling,
        space: Space,
        seed: int,
        goal: Goal,
        taken: Iterable[Combination],
        aims: Aims,
        rules: Collection[str],
    ) -> Sampler:
        from .learning import LearningSampler  # needs Optuna

        return LearningSampler(space, seed, name, goal, taken, given_settings(settings), aims)

    return open_learning


def _bayes(
    settings: AnySampling,
    space: Space,
    seed: int,
    goal: Goal,
    taken: Iterable[Combination],
    aims: Aims,
    rules: Collection[str],
) -> Sampler:
    from .bayes.curves import CurveSampler  # needs numpy
    from .bayes.fronts import FrontSampler

    given = given_settings(settings)
    n_startup = given.get("n_startup_trials")
    is_deterministic = given.get("deterministic_objective", False)
    if aims.objectives:
        return FrontSampler(
            space, seed, aims, taken, n_startup=n_startup, is_deterministic=is_deterministic
        )
    return CurveSampler(
        space,
        seed,
        goal,
        taken,
        n_startup=n_startup,
        is_deterministic=is_deterministic,
        has_rule=bool(COMPARING_RULES & {*rules}),
    )


SAMPLERS: Mapping[SamplerName, RegisteredSampler] = {
    "random": RegisteredSampler(_sequence(RandomSampler), does="draws them"),
    "grid": RegisteredSampler(_sequence(GridSampler), does="runs all of them"),
    "sobol": RegisteredSampler(
        _sequence(SobolSampler), {"scipy.stats.qmc": "sobol"}, does="spreads them evenly"
    ),
    "tpe": RegisteredSampler(_optuna("tpe"), {"optuna": "optuna"}, learns=True),
    "gp": RegisteredSampler(
        _optuna("gp"), {"optuna": "optuna", "scipy": "optuna"}, needs_torch=True, learns=True
    ),
    "bayes": RegisteredSampler(_bayes, learns=True, most_objectives=BAYES_MOST_OBJECTIVES),
    "cma_es": RegisteredSampler(
        _optuna("cma_es"),
        {"optuna": "optuna", "cmaes": "optuna"},
        learns=True,
        most_objectives=1,
    ),
    "nsga2": RegisteredSampler(_optuna("nsga2"), {"optuna": "optuna"}, learns=True),
}


def check_settings(settings: AnySampling, space: Space, seed: int, folder: Path) -> bool:
    """Return whether a sampler with its settings learns. It may be one of another package.

    Raises:
        UsageError: it cannot be loaded, or made.
    """
    if isinstance(settings, OptunaHubSampling):
        _open_hub(settings, space, seed, folder)
        return True
    if isinstance(settings, OtherSampling):
        return _plugin(settings) is not None
    return check_sampler(_built_in(settings))


def _built_in(settings: AnySampling) -> SamplerName:
    return next(name for name in (*SAMPLERS, _AUTO) if name == settings.type)


_AUTO: SamplerName = "auto"


def _open_hub(
    settings: OptunaHubSampling, space: Space, seed: int, folder: Path
) -> "optuna.samplers.BaseSampler":
    from .optunahub import open_hub_sampler  # needs Optuna

    return open_hub_sampler(settings, space, seed, folder)


def _plugin(settings: OtherSampling) -> SamplerPlugin:
    """Find the package of a sampler."""
    plugin = find_plugin(settings.type)
    if plugin is None:
        raise UsageError(f"the package with the sampler {settings.type} is not installed")
    return plugin


def check_sampler(name: SamplerName) -> bool:
    """Import what a sampler needs, and return whether it learns from earlier runs.

    Raises:
        UsageError: a library is missing. The message explains how to install it.
    """
    sampler = SAMPLERS[name]
    for module, extra in sampler.libraries.items():
        import_extra(module, extra, f"the sampler {name}")
    if sampler.needs_torch:
        import_torch(f"the sampler {name}")
    return sampler.learns


def open_sampler(
    sampler: SamplerName | AnySampling,
    space: Space,
    seed: int,
    goal: Goal,
    taken: Iterable[Combination] = (),
    aims: Aims = NO_AIMS,
    folder: Path = Path(),
    rules: Collection[str] = (),
) -> Sampler:
    """Return the sampler with this name or these settings. `taken` need not run again.

    Args:
        folder: that of the configuration.
        rules: the names of the sweep's stopping rules.

    Raises:
        KeyError: `auto`, which is not a sampler itself.
        UsageError: one of another package cannot be loaded, or made.
    """
    settings = sampler_named(sampler) if isinstance(sampler, str) else sampler
    if isinstance(settings, OptunaHubSampling):
        from .learning import LearningSampler

        hub = _open_hub(settings, space, seed, folder)
        return LearningSampler(space, seed, "optunahub", goal, taken, None, aims, hub)
    if isinstance(settings, OtherSampling):
        goals = [one.goal for one in aims.objectives] or [goal]
        other = _plugin(settings).make(settings.keys, space, goals)
        has_objectives = bool(aims.objectives)
        name = settings.type
        return OtherSampler(name, other, space, seed, taken, has_objectives=has_objectives)
    return SAMPLERS[_built_in(settings)].open(settings, space, seed, goal, taken, aims, rules)


def learns(name: object) -> bool:
    """Return whether a sampler of this name learns from earlier runs."""
    return any(known == name and sampler.learns for known, sampler in SAMPLERS.items())


def most_objectives(name: str) -> int | None:
    """Return how many objectives a sampler supports at once, or None for any number.

    Raises:
        UsageError: it is of another package, which cannot be used.
    """
    for known, sampler in SAMPLERS.items():
        if known == name:
            return sampler.most_objectives
    plugin = find_plugin(name)
    return None if plugin is None else plugin.most_objectives
