"""A real small network as a task: scikit-learn's perceptron on its handwritten digits."""

import json
import statistics
import warnings
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from .tasks import Combination, Space, draw

_N_TRAINED, _N_REFERENCE = 400, 80
_SGD = {"when": {"solver": "sgd"}}


class Network:
    """Trains for 27 epochs on 400 digits and is tested on the others. Its name is `network/digits`.

    The same combination always gives the same curve.

    Args:
        scales: a file that keeps what is the same in every run of the benchmark.
    """

    name = "network/digits"
    n_levels = 27
    space: ClassVar[Space] = {
        "solver": {"type": "choice", "candidates": ["sgd", "adam"]},
        "hidden": {"type": "logint", "min": 4, "max": 128},
        "learning_rate": {"type": "loguniform", "min": 1e-5, "max": 1.0},
        "batch_size": {"type": "logint", "min": 8, "max": 256},
        "alpha": {"type": "loguniform", "min": 1e-6, "max": 10.0},
        "momentum": {"type": "uniform", "min": 0.0, "max": 0.99, **_SGD},
    }

    def __init__(self, scales: Path | None = None) -> None:
        from sklearn.datasets import load_digits

        pixels, digits = load_digits(return_X_y=True)
        self._pixels, self._digits = pixels / 16.0, digits
        self._trained: dict[str, tuple[Any, list[float]]] = {}
        self._scales = scales

    def counts(self, combination: Combination) -> bool:
        """Whether a combination may be the result."""
        return True

    def curve(
        self, combination: Combination, first: int = 1, last: int | None = None
    ) -> Sequence[float]:
        """Return the accuracy in per cent on unseen digits, after each epoch."""
        key = json.dumps(combination, sort_keys=True)
        if key not in self._trained:
            self._trained[key] = _network(combination), []
        model, known = self._trained[key]
        last = last or self.n_levels
        while len(known) < last:
            known.append(self._epoch(model))
        return known[first - 1 : last]

    def _epoch(self, model: Any) -> float:
        seen, unseen = slice(None, _N_TRAINED), slice(_N_TRAINED, None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some learning rates diverge
            try:
                model.partial_fit(self._pixels[seen], self._digits[seen], classes=range(10))
            except ValueError:  # the weights are no longer finite
                return 10.0
        return float(100 * model.score(self._pixels[unseen], self._digits[unseen]))

    @property
    def scale(self) -> tuple[float, float]:
        """The best and the median of random combinations."""
        known = {}
        if self._scales is not None and self._scales.exists():
            known = json.loads(self._scales.read_text())
        if self.name not in known:
            best = [
                max(self.curve(draw(self.space, Random(f"{self.name}/{number}"))))
                for number in range(_N_REFERENCE)
            ]
            known[self.name] = max(best), statistics.median(best)
            if self._scales is not None:
                self._scales.write_text(json.dumps(known))
        top, middle = known[self.name]
        return top, middle


def _network(combination: Combination) -> Any:
    from sklearn.neural_network import MLPClassifier

    given = {"momentum": combination["momentum"]} if "momentum" in combination else {}
    return MLPClassifier(
        (combination["hidden"],),
        solver=combination["solver"],
        learning_rate_init=combination["learning_rate"],
        batch_size=combination["batch_size"],
        alpha=combination["alpha"],
        random_state=0,
        **given,
    )
