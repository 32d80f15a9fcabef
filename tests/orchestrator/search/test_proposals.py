"""Which run is next: first runs, then the sampler's combinations."""

from typing import Any

from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.search.proposals import Proposal, Proposer
from ml_tracking_ops.orchestrator.store.histories.history import HistoryEvent, RunEnded, RunSampled


def config(**changes: Any) -> SweepConfig:
    return SweepConfig.model_validate(
        {
            "main_script_name": "-",
            "early_stopping": False,
            "max_runs": 12,
            "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
            "optimization_metric": "Accuracy",
            "optimization_goal": "max",
            **changes,
        }
    )


def test_learning_sampler_knows_the_first_runs_and_is_asked_once() -> None:
    asked = config(
        sampler="tpe",
        first_runs=[{"x": 0.5}, {"x": 0.25}],
    )
    proposer = Proposer(asked.search_plan, 1)
    history: list[HistoryEvent] = []
    for index in range(1, 6):
        proposal = proposer.propose(index, tuple(history))
        assert isinstance(proposal, Proposal)
        combination = proposal.hyperparameters
        history.append(RunSampled(index, combination, index, n_known=proposal.n_known))
        history.append(RunEnded(index, "finished", float(str(combination["x"]))))
    alone = Proposer(config(sampler="tpe").search_plan, 1)
    assert isinstance(first := alone.propose(1), Proposal)
    found = [event.hyperparameters for event in history if isinstance(event, RunSampled)]
    assert found[:3] == [{"x": 0.5}, {"x": 0.25}, first.hyperparameters]
    again = Proposer(asked.search_plan, 1)
    assert [again.propose(5, tuple(history[:8]))] == [proposal]
