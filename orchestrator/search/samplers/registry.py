"""Every sampler by its name: what it needs, and how it is opened.

A new sampler is a module in this folder, an entry in `SAMPLERS`, and its settings in
`search.sampler_settings`. A library that it needs is an extra in pyproject.toml. Those of OptunaHub
and of other packages are found by their settings.
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
"""From its settings, the space, the seed, the goal, what need not be run again, and the aims."""


@dataclass(frozen=True)
class RegisteredSampler:
    """A sampler that a configuration can name.

    `libraries` are the modules that it imports, each with the extra that it comes with. `learns`
    says whether it looks at the runs before, and so needs a metric.
    """

    open: _Open
    libraries: Mapping[str, str] = field(default_factory=dict)
    needs_torch: bool = False
    learns: bool = False


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
        from .learning import LearningSampler  # brings Optuna

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
    from .curves import CurveSampler  # brings numpy

    given = given_settings(settings)
    return CurveSampler(
        space,
        seed,
        goal,
        taken,
        n_startup=given.get("n_startup_trials"),
        is_deterministic=given.get("deterministic_objective", False),
        has_rule=bool(COMPARING_RULES & {*rules}),
    )


SAMPLERS: Mapping[SamplerName, RegisteredSampler] = {
    "random": RegisteredSampler(_sequence(RandomSampler)),
    "grid": RegisteredSampler(_sequence(GridSampler)),
    "sobol": RegisteredSampler(_sequence(SobolSampler), {"scipy.stats.qmc": "sobol"}),
    "tpe": RegisteredSampler(_optuna("tpe"), {"optuna": "optuna"}, learns=True),
    "gp": RegisteredSampler(
        _optuna("gp"), {"optuna": "optuna", "scipy": "optuna"}, needs_torch=True, learns=True
    ),
    "bayes": RegisteredSampler(_bayes, learns=True),
    "cma_es": RegisteredSampler(
        _optuna("cma_es"), {"optuna": "optuna", "cmaes": "optuna"}, learns=True
    ),
    "nsga2": RegisteredSampler(_optuna("nsga2"), {"optuna": "optuna"}, learns=True),
}


def check_settings(settings: AnySampling, space: Space, seed: int, folder: Path) -> bool:
    """The same for a sampler with its settings, also one of another package.

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
    from .optunahub import open_hub_sampler  # brings Optuna

    return open_hub_sampler(settings, space, seed, folder)


def _plugin(settings: OtherSampling) -> SamplerPlugin:
    """Raises:
    UsageError: it is not there any more, or cannot be used.
    """
    plugin = find_plugin(settings.type)
    if plugin is None:
        raise UsageError(f"the package with the sampler {settings.type} is not installed")
    return plugin


def check_sampler(name: SamplerName) -> bool:
    """Import what a sampler needs, and return whether it learns from the runs before.

    Raises:
        UsageError: a library is missing. The text says how to install it.
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
    """The sampler with this name or these settings. `taken` need not be run again.

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
    """Whether a sampler of this name learns from the runs before."""
    return any(known == name and sampler.learns for known, sampler in SAMPLERS.items())
