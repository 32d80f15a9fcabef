"""Samplers: search space, seed and history → hyperparameters.

`registry` knows all of them. May import the modules of `search` that describe the space, and what
`search` may import.
"""

import secrets

from ..space import Combination
from .base import Sampler, SequenceSampler
from .grid import GridSampler
from .random import RandomSampler
from .sobol import SobolSampler


def new_seed() -> int:
    """Return a seed for a sweep without one, small enough to type again."""
    return secrets.randbelow(2**32)


__all__ = [
    "Combination",
    "GridSampler",
    "RandomSampler",
    "Sampler",
    "SequenceSampler",
    "SobolSampler",
    "new_seed",
]
