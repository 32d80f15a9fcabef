"""Every sampler by its name: what it needs, and how it is opened.

A new sampler is a module in this folder, an entry in `SAMPLERS`, and its settings in
`search.sampler_settings`; a library that it needs is an extra in pyproject.toml.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ...store.objective import Goal
from ..sampler_settings import AnySampling, SamplerName, given_settings, sampler_named
from ..space import Combination, Space
from .base import Sampler, SequenceSampler
from .extras import import_extra, import_torch
from .grid import GridSampler
from .random import RandomSampler
from .sobol import SobolSampler

_Open = Callable[[AnySampling, Space, int, Goal, Iterable[Combination]], Sampler]
"""From its settings, the space, the seed, the goal, and what need not be run again."""


@dataclass(frozen=True)
class SamplerEntry:
    """A sampler that a configuration can name.

    `libraries` are the modules that it imports, each with the extra that it comes with. `learns`
    says whether it looks at the runs before, and so needs a metric.
    """

    open: _Open
    libraries: Mapping[str, str] = field(default_factory=dict)
    needs_torch: bool = False
    learns: bool = False


def _sequence(kind: type[SequenceSampler]) -> _Open:
    return lambda settings, space, seed, goal, taken: kind(space, seed, taken)


def _optuna(name: str) -> _Open:
    def open_learning(
        settings: AnySampling, space: Space, seed: int, goal: Goal, taken: Iterable[Combination]
    ) -> Sampler:
        from .learning import LearningSampler  # brings Optuna

        return LearningSampler(space, seed, name, goal, taken, given_settings(settings))

    return open_learning


SAMPLERS: Mapping[SamplerName, SamplerEntry] = {
    "random": SamplerEntry(_sequence(RandomSampler)),
    "grid": SamplerEntry(_sequence(GridSampler)),
    "sobol": SamplerEntry(_sequence(SobolSampler), {"scipy.stats.qmc": "sobol"}),
    "tpe": SamplerEntry(_optuna("tpe"), {"optuna": "optuna"}, learns=True),
    "gp": SamplerEntry(
        _optuna("gp"), {"optuna": "optuna", "scipy": "optuna"}, needs_torch=True, learns=True
    ),
    "cma_es": SamplerEntry(_optuna("cma_es"), {"optuna": "optuna", "cmaes": "optuna"}, learns=True),
}


def check_sampler(name: SamplerName) -> bool:
    """Import what a sampler needs; return whether it learns from the runs before.

    Raises:
        UsageError: a library is missing; the text says how to install it.
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
) -> Sampler:
    """The sampler with this name or these settings; `taken` need not be run again.

    Raises:
        KeyError: `auto`, which stands for another one.
    """
    settings = sampler_named(sampler) if isinstance(sampler, str) else sampler
    return SAMPLERS[settings.type].open(settings, space, seed, goal, taken)


def learns(name: object) -> bool:
    """Whether a sampler of this name learns from the runs before."""
    return any(known == name and sampler.learns for known, sampler in SAMPLERS.items())
