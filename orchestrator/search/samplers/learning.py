"""Samplers that learn from the runs before, through Optuna."""

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, ClassVar

from pydantic import JsonValue

from ...store.histories.history import Ended, HistoryEvent, Known, Sampled
from ...store.objective import Goal, is_better
from ...store.run_record import COMPARING_RULES
from ...store.run_states import RESULTS_THAT_COUNT
from ..space import Combination, Space
from .base import Unseen
from .optuna_study import open_study, parameters_of, suggest
from .random import draw_combination

_MOST_ASKED = 30
_MOST_DRAWS = 10_000


class LearningSampler:
    """Optuna's TPE, Gaussian process or CMA-ES, fed with the history of the sweep.

    Running runs count as pending, so that several workers do not ask for the same. Runs that a
    rule stopped for being worse than others at the same budget do not count: their values are no
    results of the full budget (`benchmarks/search_quality.py` has what that is worth). Runs that
    were stopped for another reason, such as patience, count with the best value they reached, and
    failed ones as worse than any other. What Optuna proposes twice in a discrete space, or against
    a constraint, is reported to it as failed, and it is asked again.

    The history holds how many ends were known at each asking: from it the same study is built
    again, with its random numbers, when a sweep is taken up again.
    """

    learns: ClassVar[bool] = True

    def __init__(
        self,
        space: Space,
        seed: int,
        name: str,
        goal: Goal,
        taken: Iterable[Mapping[str, JsonValue]] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._space = space
        self._seed = seed
        self._name = name
        self._goal: Goal = goal
        self._unseen = Unseen(space, taken)
        self._study = open_study(name, seed, goal, settings or {})
        self._asked: dict[int, Combination] = {}
        self._trials: dict[int, int] = {}
        self._untold: deque[Ended] = deque()
        self._n_told = 0
        self._n_read = 0
        self._worst: float | None = None
        self.trouble: str | None = None

    @property
    def why_exhausted(self) -> str:
        if self._unseen.is_listed():
            return f"every combination of the search space has been run: {self._unseen.n_taken}"
        return (
            "no combination that is new and meets the constraints was found in "
            f"{_MOST_DRAWS:,} draws"
        )

    def combination(self, number: int, history: Sequence[HistoryEvent] = ()) -> Combination | None:
        """What to try next, given all that is known."""
        for event in history[self._n_read :]:
            self._follow(event)
        self._n_read = len(history)
        self._tell(len(self._untold))
        return self._ask(number)

    def _follow(self, event: HistoryEvent) -> None:
        match event:
            case Known():
                self._add_known(event)
            case Ended():
                self._untold.append(event)
            case Sampled(index=number) if number not in self._trials:
                self._repeat_asking(event)

    def _repeat_asking(self, event: Sampled) -> None:
        """Do again what led to a combination, in a sweep that is taken up again."""
        if event.n_known is not None:
            self._tell(event.n_known - self._n_told)
            if self._ask(event.index) == event.hyperparameters:
                return
            self._give_up(event.index)  # another version of Optuna: keep to what was run
        self._unseen.take(event.hyperparameters)
        self._add(event.index, event.hyperparameters)

    def _ask(self, number: int) -> Combination | None:
        try:
            return self._ask_optuna(number)
        except Exception as error:  # noqa: BLE001  (numerics can fail; a sweep of days must continue)
            why = f"{type(error).__name__}: {error}"
            self.trouble = f"the sampler {self._name} failed ({why}): a run is drawn at random"
            self._abandon(number)
            return self._draw(number)

    def _ask_optuna(self, number: int) -> Combination | None:
        for _ in range(_MOST_ASKED):
            trial = self._study.ask()
            combination = self._space.build(partial(suggest, trial))
            self._trials[number] = trial.number
            if self._unseen.take(combination):
                self._asked[number] = combination
                return combination
            self._give_up(number)
        return self._draw(number)

    def _abandon(self, number: int) -> None:
        """Close what was begun for a number."""
        self._trials.pop(number, None)
        ours = set(self._trials.values())
        for trial in self._study.get_trials(deepcopy=False, states=(_states().RUNNING,)):
            if trial.number not in ours:
                self._study.tell(trial.number, state=_states().FAIL)

    def _draw(self, number: int) -> Combination | None:
        """A random combination, if the model keeps proposing what cannot run."""
        combination = self._draw_unseen(number)
        if combination is not None:
            self._add(number, combination)
        return combination

    def _draw_unseen(self, number: int) -> Combination | None:
        if self._unseen.is_listable and self._space.may_repeat:
            return self._unseen.take_from_rest(Random(f"{self._seed}/{number}"))
        for attempt in range(_MOST_DRAWS):
            combination = draw_combination(self._space, self._seed, f"{number}+{attempt}")
            if self._unseen.take(combination):
                return combination
        return None

    def _give_up(self, number: int) -> None:
        if number in self._trials:
            self._study.tell(self._trials.pop(number), state=_states().FAIL)

    def _add(self, number: int, combination: Combination) -> None:
        """A pending trial that was not asked for."""
        self._asked[number] = combination
        self._trials[number] = self._add_trial(combination, _states().RUNNING)

    def _add_known(self, event: Known) -> None:
        """A run of an earlier sweep."""
        if event.stopped_by in COMPARING_RULES:
            return
        if event.value is not None and math.isfinite(event.value):
            value = self._learn(event.value)
            self._add_trial(event.hyperparameters, _states().COMPLETE, value)

    def _add_trial(self, combination: Combination, state: Any, value: float | None = None) -> int:
        import optuna

        parameters, distributions = parameters_of(self._space, combination)
        self._study.add_trial(
            optuna.trial.create_trial(
                state=state, value=value, params=parameters, distributions=distributions
            )
        )
        return len(self._study.get_trials(deepcopy=False)) - 1

    def _tell(self, count: int) -> None:
        for _ in range(min(count, len(self._untold))):
            self._tell_one(self._untold.popleft())
            self._n_told += 1

    def _tell_one(self, event: Ended) -> None:
        number = self._trials.get(event.index)
        if number is None:
            return
        state, value = self._verdict(event)
        if not self._is_told(number):
            self._study.tell(number, value, state)
        elif value is not None and event.state != "failed":  # it was run again
            self._add_trial(self._asked[event.index], state, value)

    def _is_told(self, number: int) -> bool:
        trial = self._study.get_trials(deepcopy=False)[number]
        return bool(trial.state.is_finished())

    def _verdict(self, event: Ended) -> tuple[Any, float | None]:
        """What Optuna learns of a run: its state, and its value if it has one."""
        states = _states()
        if event.stopped_by in COMPARING_RULES:
            return states.FAIL, None
        if (
            event.state in RESULTS_THAT_COUNT
            and event.value is not None
            and math.isfinite(event.value)
        ):
            return states.COMPLETE, self._learn(event.value)
        if event.state != "failed":
            return states.FAIL, None
        if self._name == "tpe":  # a trial pruned without a value ranks below all others
            return states.PRUNED, None
        return (states.FAIL, None) if self._worst is None else (states.COMPLETE, self._worst)

    def _learn(self, value: float) -> float:
        if self._worst is None or is_better(self._worst, value, self._goal):
            self._worst = value
        return value


def _states() -> Any:
    import optuna

    return optuna.trial.TrialState
