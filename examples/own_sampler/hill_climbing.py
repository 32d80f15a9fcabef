"""A sampler that changes one hyperparameter of the best combination so far."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue

from ml_tracking_ops.orchestrator.search.plugins import ProposalRequest, SamplerKeys, SamplerPlugin
from ml_tracking_ops.orchestrator.search.space import Space
from ml_tracking_ops.orchestrator.store.objective import Goal


class HillClimbing:
    """Begins with some random combinations."""

    def __init__(self, space: Space, goal: Goal, n_startup: int) -> None:
        self._space = space
        self._sign = 1 if goal == "min" else -1
        self._n_startup = n_startup

    def propose(self, request: ProposalRequest) -> Mapping[str, JsonValue]:
        known = [(one.values[0], one.hyperparameters) for one in request.results if one.values]
        if len(known) < self._n_startup:
            return {}  # what is left out is drawn at random
        _, best = min(known, key=lambda one: self._sign * one[0])
        changed = request.random.choice(self._space.sampled)
        return {name: value for name, value in best.items() if name != changed}


def make(keys: SamplerKeys, space: Space, goals: Sequence[Goal]) -> HillClimbing:
    return HillClimbing(space, goals[0], int(str(keys.get("n_startup", 5))))


def problems(keys: SamplerKeys) -> Iterable[tuple[str, str]]:
    for key, value in keys.items():
        if key != "n_startup":
            yield key, "is not a key of this sampler; known: n_startup"
        elif not isinstance(value, int) or value < 1:
            yield key, f"must be a whole number, 1 or more, got {value!r}"


PLUGIN = SamplerPlugin(make, problems)
