"""A sampler of another package: what is known is passed to it, and its answers are checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import ClassVar

from pydantic import JsonValue

from ...store.histories.history import HistoryEvent, RunEnded, RunSampled, WarmStartRun
from ..distributions import Distribution
from ..plugins import EndedRun, PluginSampler, ProposalRequest
from ..space import Combination, Space
from .base import SeenCombinations
from .random import MOST_DRAWS, draw_unseen

_MOST_ASKED = 30


@dataclass
class _History:
    """The known runs, by their number."""

    results: list[EndedRun] = field(default_factory=list)
    running: dict[int, Combination] = field(default_factory=dict)
    sampled: dict[int, Combination] = field(default_factory=dict)


class OtherSampler:
    """Asks a sampler of another package.

    Its answer is a function of the request, and the history is in the journal: a resumed sweep
    needs nothing else. If it proposes something that cannot be run, or has already run, it is asked
    again with other random numbers, and then a combination is drawn at random.

    Args:
        name: the sampler's, for messages.
        has_objectives: whether a result is that of several objectives.
    """

    learns: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        sampler: PluginSampler,
        space: Space,
        seed: int,
        taken: Iterable[Mapping[str, JsonValue]] = (),
        *,
        has_objectives: bool = False,
    ) -> None:
        self._name = name
        self._sampler = sampler
        self._space = space
        self._seed = seed
        self._has_objectives = has_objectives
        self._unseen = SeenCombinations(space, taken, draws_copies=True)
        self._history = _History()
        self._n_read = 0
        self.trouble: str | None = None

    @property
    def why_exhausted(self) -> str:
        return self._unseen.why_exhausted(MOST_DRAWS)

    def combination(self, number: int, history: Sequence[HistoryEvent] = ()) -> Combination | None:
        """Return the next combination to try, given all that is known."""
        for event in history[self._n_read :]:
            self._follow(event)
        self._n_read = len(history)
        for attempt in range(_MOST_ASKED):
            found = self._ask(number, attempt)
            if found is None:
                break
            if self._unseen.take(found):
                return found
        return self._draw(number)

    def _follow(self, event: HistoryEvent) -> None:
        known = self._history
        match event:
            case RunSampled():
                self._unseen.take(event.hyperparameters)
                known.running[event.index] = event.hyperparameters
                known.sampled[event.index] = event.hyperparameters
            case WarmStartRun():
                known.results.append(self._result(event.hyperparameters, event))
            case RunEnded():
                known.running.pop(event.index, None)
                if event.index in known.sampled:
                    known.results.append(self._result(known.sampled[event.index], event))

    def _result(self, combination: Combination, event: RunEnded | WarmStartRun) -> EndedRun:
        values = event.result if self._has_objectives else None
        if not self._has_objectives and event.value is not None:
            values = (event.value,)
        curve = event.curve if isinstance(event, RunEnded) else ()
        return EndedRun(
            dict(combination), event.state, values, event.stopped_by, event.violations, curve
        )

    def _ask(self, number: int, attempt: int) -> Combination | None:
        """Return its proposal, completed, or None if it cannot be used."""
        key = f"{self._seed}/{number}+{attempt}"
        results, running = tuple(self._history.results), tuple(self._history.running.values())
        try:
            given = self._sampler.propose(ProposalRequest(number, Random(key), results, running))
            return self._complete(dict(given), key)
        except Exception as error:  # noqa: BLE001  (code of others, and a sweep of days must continue)
            why = f"{type(error).__name__}: {error}"
            self.trouble = f"the sampler {self._name} failed ({why}): a run is drawn at random"
            return None

    def _complete(self, given: Combination, key: str) -> Combination:
        """Complete a proposal of the sampler.

        Raises:
            ValueError: a value is not in the search space.
        """
        unknown = given.keys() - self._space.hyperparameters.keys()
        if unknown:
            raise ValueError(f"proposed {sorted(unknown)[0]!r}, which is no hyperparameter")
        return self._space.build(partial(_given_or_drawn, given, key))

    def _draw(self, number: int) -> Combination | None:
        return draw_unseen(self._space, self._unseen, self._seed, number)


def _given_or_drawn(
    given: Combination, key: str, name: str, distribution: Distribution
) -> JsonValue:
    if name not in given:
        return distribution.sample(Random(f"{key}/{name}"))
    if not distribution.holds(given[name]):
        raise ValueError(f"proposed {name}={given[name]!r}, which is not in the search space")
    return distribution.as_listed(given[name])
