"""From the name of a sampler to the sampler."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..search_settings import LEARNING
from ..space import Combination, Space
from .base import Sampler
from .extras import import_extra
from .grid import GridSampler
from .random import RandomSampler
from .sobol import SobolSampler

if TYPE_CHECKING:
    from ..config import SweepConfig


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
        import_extra("torch", "optuna", what)
    return name in LEARNING


def open_sampler(
    config: "SweepConfig", space: Space, seed: int, taken: Iterable[Combination] = ()
) -> Sampler:
    """The sampler that a configuration names; `taken` need not be run again."""
    match config.sampler:
        case "random":
            return RandomSampler(space, seed, taken)
        case "grid":
            return GridSampler(space, seed, taken)
        case "sobol":
            return SobolSampler(space, seed, taken)
