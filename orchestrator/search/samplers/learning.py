"""Samplers that learn from earlier runs, through Optuna."""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import JsonValue

from ...store.histories.history import HistoryEvent, RunEnded, RunSampled, WarmStartRun
from ...store.objective import Goal, is_better
from ...store.outcomes.aims import NO_AIMS, Aims
from ...store.run_record import COMPARING_RULES
from ...store.run_states import RESULTS_THAT_COUNT
from ..space import Combination, Space
from .base import SeenCombinations
from .optuna_study import named_sampler, open_study, parameters_of, suggest_value
from .random import MOST_DRAWS, draw_unseen

if TYPE_CHECKING:
    import optuna

_COPYING = ("nsga2", "optunahub")
"""Samplers that may repeat a combination even in a continuous space: a child like its parent."""
_MOST_ASKED = 30


_LARGEST = 1e100


@dataclass(frozen=True)
class _Result:
    """The result of a run for Optuna: its state, its values, and by how much it misses constraints.

    A constraint is met if it is 0 or less.
    """

    state: Any
    values: list[float] | None = None
    constraints: tuple[float, ...] = ()


class LearningSampler:
    """Optuna's TPE, Gaussian process, CMA-ES or NSGA-II, fed with the history of the sweep.

    Running runs count as pending, so that several workers do not ask for the same. Runs that a rule
    stopped for being worse than others at the same budget do not count: their values are no results
    of the full budget (`benchmarks/search_quality.py` measures what that is worth). Runs that were
    stopped for another reason, such as patience, count with the best value they reached, and failed
    ones as worse than any other. What Optuna proposes twice in a discrete space, or against a
    constraint, is reported to it as failed, and it is asked again.

    With several objectives a run counts if it has a value for each, and a failed one does not. By
    how much a run misses constraints on outcomes is reported as Optuna's constraints. CMA-ES has
    none, so such a run is reported as the worst.

    The history holds how many ends were known at each request: from it the same study is built
    again, with its random numbers, when a sweep is resumed.
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
        aims: Aims = NO_AIMS,
        sampler: "optuna.samplers.BaseSampler | None" = None,
    ) -> None:
        """Args:
        settings: arguments of Optuna's sampler of this name.
        sampler: replaces that sampler.
        """
        self._space = space
        self._seed = seed
        self._name = name
        self._goal: Goal = goal
        self._unseen = SeenCombinations(space, taken, draws_copies=name in _COPYING)
        self._aims = aims
        goals = [one.goal for one in aims.objectives] or [goal]
        sampler = sampler or named_sampler(name, seed, settings)
        self._study = open_study(sampler, goals)
        self._asked: dict[int, Combination] = {}
        self._trials: dict[int, int] = {}
        self._open: dict[int, optuna.Trial] = {}
        self._unreported: deque[RunEnded] = deque()
        self._n_reported = 0
        self._n_read = 0
        self._worst: float | None = None
        self.trouble: str | None = None

    @property
    def why_exhausted(self) -> str:
        return self._unseen.why_exhausted(MOST_DRAWS)

    def combination(self, number: int, history: Sequence[HistoryEvent] = ()) -> Combination | None:
        """Return the next combination to try, given all that is known."""
        for event in history[self._n_read :]:
            self._follow(event)
        self._n_read = len(history)
        self._tell(len(self._unreported))
        return self._ask(number)

    def _follow(self, event: HistoryEvent) -> None:
        match event:
            case WarmStartRun():
                self._add_known(event)
            case RunEnded():
                self._unreported.append(event)
            case RunSampled(index=number) if number not in self._trials:
                self._repeat_asking(event)

    def _repeat_asking(self, event: RunSampled) -> None:
        """Repeat the requests that led to a combination, in a sweep that is resumed."""
        if event.n_known is not None:
            self._tell(event.n_known - self._n_reported)
            if self._ask(event.index) == event.hyperparameters:
                return
            self._give_up(event.index)  # another version of Optuna: keep what was run
        self._unseen.take(event.hyperparameters)
        self._add(event.index, event.hyperparameters)

    def _ask(self, number: int) -> Combination | None:
        try:
            return self._ask_optuna(number)
        except Exception as error:  # noqa: BLE001  (numerics can fail, and a sweep of days must continue)
            why = f"{type(error).__name__}: {error}"
            self.trouble = f"the sampler {self._name} failed ({why}): a run is drawn at random"
            self._abandon(number)
            return self._draw(number)

    def _ask_optuna(self, number: int) -> Combination | None:
        for _ in range(_MOST_ASKED):
            trial = self._study.ask()
            combination = self._space.build(partial(suggest_value, trial))
            self._trials[number] = trial.number
            if self._aims.where:
                self._open[trial.number] = trial
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
        """Draw a random combination, if the model keeps proposing some that cannot run."""
        combination = draw_unseen(self._space, self._unseen, self._seed, number)
        if combination is not None:
            self._add(number, combination)
        return combination

    def _give_up(self, number: int) -> None:
        if number in self._trials:
            self._study.tell(self._trials.pop(number), state=_states().FAIL)

    def _add(self, number: int, combination: Combination) -> None:
        """Add a pending trial that Optuna did not propose."""
        self._asked[number] = combination
        self._trials[number] = self._add_trial(combination, _Result(_states().RUNNING))

    def _add_known(self, event: WarmStartRun) -> None:
        """Add a run of an earlier sweep."""
        if event.stopped_by not in COMPARING_RULES and (result := self._result(event)) is not None:
            self._add_trial(event.hyperparameters, result)

    def _add_trial(self, combination: Combination, result: _Result) -> int:
        import optuna

        parameters, distributions = parameters_of(self._space, combination)
        self._study.add_trial(
            optuna.trial.create_trial(
                state=result.state,
                values=result.values,
                params=parameters,
                distributions=distributions,
                constraints=dict(_named(result.constraints)) or None,
            )
        )
        return len(self._study.get_trials(deepcopy=False)) - 1

    def _tell(self, count: int) -> None:
        for _ in range(min(count, len(self._unreported))):
            self._tell_one(self._unreported.popleft())
            self._n_reported += 1

    def _tell_one(self, event: RunEnded) -> None:
        number = self._trials.get(event.index)
        if number is None:
            return
        result = self._verdict(event)
        if not self._is_reported(number):
            self._set_constraints(number, result.constraints)
            self._study.tell(number, result.values, result.state)
        elif result.values is not None and event.state != "failed":  # it was run again
            self._add_trial(self._asked[event.index], result)

    def _set_constraints(self, number: int, constraints: Sequence[float]) -> None:
        import optuna

        if not constraints:
            return
        known = self._study.get_trials(deepcopy=False)[number]
        trial = self._open.pop(number, None) or optuna.trial.Trial(self._study, known._trial_id)
        for name, value in _named(constraints):
            trial.set_constraint(name, value)

    def _is_reported(self, number: int) -> bool:
        trial = self._study.get_trials(deepcopy=False)[number]
        return bool(trial.state.is_finished())

    def _verdict(self, event: RunEnded) -> _Result:
        """Return the result of a run for Optuna."""
        states = _states()
        if event.stopped_by in COMPARING_RULES:
            return _Result(states.FAIL)
        if event.state in RESULTS_THAT_COUNT and (result := self._result(event)) is not None:
            return result
        if event.state != "failed" or self._aims.objectives:
            return _Result(states.FAIL)
        if self._name == "tpe" and not self._aims.where:
            return _Result(states.PRUNED)  # without a value: ranks below all others
        return self._as_worst()

    def _as_worst(self) -> _Result:
        states = _states()
        if self._worst is None or self._name == "tpe":
            return _Result(states.FAIL)
        met = tuple(0.0 for _ in self._aims.where) if self._name != "cma_es" else ()
        return _Result(states.COMPLETE, [self._worst], met)

    def _result(self, event: RunEnded | WarmStartRun) -> _Result | None:
        """Return the result for these values, or None if some are missing."""
        if event.violations is None:
            return None
        if self._aims.objectives:
            values = None if event.result is None else list(event.result)
        elif event.value is not None and math.isfinite(event.value):
            values = [event.value]
        else:
            values = None
        if values is None:
            return None
        is_met = all(one <= 0 for one in event.violations)
        if self._name == "cma_es" and not is_met:
            return self._as_worst()
        if not self._aims.objectives:
            self._learn(values[0])
        violations = () if self._name == "cma_es" else event.violations
        return _Result(_states().COMPLETE, values, violations)

    def _learn(self, value: float) -> None:
        if self._worst is None or is_better(self._worst, value, self._goal):
            self._worst = value


def _named(constraints: Sequence[float]) -> Iterator[tuple[str, float]]:
    """Yield constraints under the names that Optuna has them by. None is infinite."""
    for position, value in enumerate(constraints):
        yield str(position), max(-_LARGEST, min(value, _LARGEST))


def _states() -> Any:
    import optuna

    return optuna.trial.TrialState
