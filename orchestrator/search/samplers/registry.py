"""From the name of a sampler to the sampler."""

import importlib
from collections.abc import Iterable

from ...errors import UsageError
from ...store.objective import Goal
from ..settings import LEARNING, SamplerName
from ..space import Combination, Space
from .base import Sampler
from .extras import import_extra
from .grid import GridSampler
from .random import RandomSampler
from .sobol import SobolSampler


def check_sampler(name: str) -> bool:
    """Import what a sampler needs; return whether it learns from the runs before.

    Raises:
        UsageError: a library is missing; the text says how to install it.
    """
    what = f"the sampler {name}"
    if name == "sobol":
        import_extra("scipy.stats.qmc", "sobol", what)
    if name in LEARNING:
        import_extra("optuna", "optuna", what)
    if name == "cma_es":
        import_extra("cmaes", "optuna", what)
    if name == "gp":
        import_extra("scipy", "optuna", what)
        _import_torch()
    return name in LEARNING


def open_sampler(
    name: SamplerName, space: Space, seed: int, goal: Goal, taken: Iterable[Combination] = ()
) -> Sampler:
    """The sampler with this name; `taken` need not be run again."""
    match name:
        case "random":
            return RandomSampler(space, seed, taken)
        case "grid":
            return GridSampler(space, seed, taken)
        case "sobol":
            return SobolSampler(space, seed, taken)
        case _:
            from .learning import LearningSampler

            return LearningSampler(space, seed, name, goal, taken)


def _import_torch() -> None:
    """Torch comes with no extra of ours: it is large, and which build fits depends on the GPU."""
    try:
        importlib.import_module("torch")
    except ImportError as error:
        raise UsageError(
            f"the sampler gp needs PyTorch ({error}), which Optuna's Gaussian process is written "
            "in; install it (https://pytorch.org/get-started/locally, the build for CPUs is "
            "enough), or use the sampler tpe"
        ) from None
