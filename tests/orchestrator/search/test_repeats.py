"""Which run is next if combinations are repeated."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.search.proposals import Proposal, Proposer
from ml_tracking_ops.orchestrator.store.combinations import best_combination, repeated_combinations
from ml_tracking_ops.orchestrator.store.histories.history import (
    HistoryEvent,
    RunEnded,
    RunSampled,
    RunState,
)
from ml_tracking_ops.orchestrator.store.run_record import RunRecord


def config(**changes: Any) -> SweepConfig:
    return SweepConfig.model_validate(
        {
            "main_script_name": "-",
            "early_stopping": False,
            "max_runs": 12,
            "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
            "repeats": {"count": 3, "seed_name": "seed"},
            **changes,
        }
    )


class Simulation:
    """A sweep whose runs end on request."""

    def __init__(self, asked: SweepConfig) -> None:
        self.asked = asked
        self.proposer = Proposer(asked.search_plan, seed=1)
        self.history: list[HistoryEvent] = []
        self.going: list[int] = []
        self.proposals: list[Proposal] = []

    def start(self) -> Proposal | str | None:
        index = len(self.proposals) + 1
        if index > self.asked.max_runs:
            return None
        proposal = self.proposer.propose(index, self.history)
        if isinstance(proposal, Proposal):
            self.proposals.append(proposal)
            self.going.append(index)
            self.history.append(
                RunSampled(
                    index,
                    proposal.hyperparameters,
                    proposal.combination,
                    proposal.repeat,
                    proposal.n_known,
                )
            )
        return proposal

    def end(self, position: int, state: RunState, value: float | None = 1.0) -> None:
        self.history.append(RunEnded(self.going.pop(position), state, value))


def places(simulation: Simulation) -> list[tuple[int, int]]:
    return [(proposal.combination, proposal.repeat) for proposal in simulation.proposals]


def test_repeats_come_before_anything_new_once_the_first_run_finished() -> None:
    sweep = Simulation(config())
    sweep.start()
    sweep.start()
    sweep.end(0, "finished")
    for _ in range(3):
        sweep.start()
    assert places(sweep) == [(1, 1), (2, 1), (1, 2), (1, 3), (3, 1)]
    assert [p.hyperparameters["seed"] for p in sweep.proposals] == [1, 1, 2, 3, 1]
    assert len({p.hyperparameters["x"] for p in sweep.proposals}) == 3


def test_slot_waits_where_only_repeats_can_follow() -> None:
    sweep = Simulation(config(max_runs=4))
    assert isinstance(sweep.start(), Proposal)
    assert isinstance(sweep.start(), Proposal)
    assert sweep.start() == "wait"
    sweep.end(0, "failed")
    sweep.end(0, "finished")
    assert isinstance(sweep.start(), Proposal)
    assert places(sweep)[-1] == (2, 2)


def test_sampler_sees_one_end_with_the_mean() -> None:
    asked = config(sampler="tpe", optimization_metric="a", optimization_goal="max")
    sweep = Simulation(asked)
    for value in (1.0, 2.0, 6.0):
        sweep.start()
        sweep.end(0, "finished", value)
    proposal = sweep.start()
    assert isinstance(proposal, Proposal)
    assert proposal.n_known == 1
    ends = [e for e in sweep.proposer._repeats.history if isinstance(e, RunEnded)]
    assert ends == [RunEnded(1, "finished", 3.0)]


endings = st.sampled_from(["finished", "finished", "early_stopped", "failed"])


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 25),
    st.lists(st.tuples(st.integers(0, 3), endings), min_size=30, max_size=30),
)
def test_any_sweep_comes_to_its_end_and_repeats_only_what_is_promising(
    count: int, n_workers: int, max_runs: int, ends: list[tuple[int, RunState]]
) -> None:
    sweep = Simulation(config(max_runs=max_runs, repeats={"count": count, "seed_name": "seed"}))
    fates: dict[int, str] = {}
    for position, state in ends * 10:
        while len(sweep.going) < n_workers and isinstance(sweep.start(), Proposal):
            pass
        if not sweep.going:
            break
        chosen = position % len(sweep.going)
        combination = sweep.proposals[sweep.going[chosen] - 1].combination
        fates.setdefault(combination, state)
        sweep.end(chosen, state)
    assert not sweep.going
    assert len(sweep.proposals) == max_runs
    assert len(set(places(sweep))) == max_runs
    for combination, repeat in places(sweep):
        assert repeat <= count
        assert repeat == 1 or fates[combination] == "finished"
    again = Proposer(sweep.asked.search_plan, seed=1)
    last = sweep.proposals[-1]
    before = sweep.history[
        : next(
            n
            for n, e in enumerate(sweep.history)
            if isinstance(e, RunSampled) and e.index == max_runs
        )
    ]
    assert again.propose(max_runs, before) == last


def run(combination: int, value: float | None, **changes: Any) -> RunRecord:
    index = changes.pop("index", combination)
    return RunRecord(
        index, {"x": combination, "seed": 1}, best_value=value, combination=combination, **changes
    )


def test_lucky_run_does_not_make_the_best_combination() -> None:
    runs = [run(1, 9.0), run(2, 3.0), run(2, 5.0), run(3, 4.5), run(3, 4.7), run(4, None)]
    found = repeated_combinations(runs, "seed")
    assert [(one.number, one.mean, len(one.runs)) for one in found] == [
        (1, 9.0, 1),
        (2, 4.0, 2),
        (3, 4.6, 2),
        (4, None, 1),
    ]
    assert found[1].spread == 2**0.5
    assert found[0].spread is None
    assert found[0].hyperparameters == {"x": 1}
    best, worst = best_combination(found, "max"), best_combination(found, "min")
    assert best is not None
    assert worst is not None
    assert (best.number, worst.number) == (3, 2)
    assert best_combination([], "max") is None


def test_runs_that_were_stopped_early_do_not_mix_with_whole_ones() -> None:
    outdone = {"state": "early_stopped", "stopped_by": {"rule": "asha", "step": 5}}
    patience = {"state": "early_stopped", "stopped_by": {"rule": "patience", "step": 9}}
    runs = [
        run(1, 0.9, state="finished"),
        run(1, 0.3, **outdone),
        run(1, 0.8, state="failed"),
        run(2, 0.5, state="finished"),
        run(2, 0.7, **patience),
        run(3, 0.99, **outdone),
        run(3, 0.98, **outdone),
        run(3, 0.97, **outdone),
        run(4, 0.95, state="failed"),
    ]
    found = repeated_combinations(runs, "seed")
    assert [(one.values, one.n_left_out) for one in found] == [
        ([0.9], 2),
        ([0.5, 0.7], 0),
        ([0.99, 0.98, 0.97], 0),
        ([0.95], 0),
    ]
    best = best_combination(found, "max")
    assert best is not None
    assert best.number == 2
    best = best_combination(found[2:], "max")
    assert best is not None
    assert best.number == 3


def test_repeats_of_the_largest_values_have_a_mean() -> None:
    values = [1.7e308, 1.7e308, -1.7e308, 1.7e308, math.inf, 1.0]
    found = repeated_combinations([run(n // 2, value) for n, value in enumerate(values)], "seed")
    assert [(one.mean, one.spread) for one in found] == [(1.7e308, 0), (0, None), (math.inf, None)]
