"""What a sampler of another package is asked, and what becomes of its answers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from spaces import space_of

from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.search.plugins import EndedRun, ProposalRequest, find_plugin
from ml_tracking_ops.orchestrator.search.samplers.plugin import OtherSampler
from ml_tracking_ops.orchestrator.store.histories.history import (
    HistoryEvent,
    RunEnded,
    RunSampled,
    WarmStartRun,
)

SPACE = space_of(
    {
        "x": {"type": "uniform", "min": 0, "max": 1},
        "kind": {"type": "choice", "candidates": ["a", "b"]},
        "only_b": {"type": "int", "min": 1, "max": 3, "when": {"kind": "b"}},
    },
    ["x <= 0.9"],
)


class RecordingSampler:
    """Remembers its requests."""

    def __init__(self, answer: Callable[[ProposalRequest], Mapping[str, Any]]) -> None:
        self.requests: list[ProposalRequest] = []
        self._answer = answer

    def propose(self, request: ProposalRequest) -> Mapping[str, Any]:
        self.requests.append(request)
        return self._answer(request)


def test_request_holds_results_in_order_and_what_runs() -> None:
    asked = RecordingSampler(lambda request: {})
    history: list[HistoryEvent] = [
        WarmStartRun({"x": 0.1, "kind": "a"}, "finished", 0.5),
        RunSampled(1, {"x": 0.2, "kind": "a"}, 1),
        RunSampled(2, {"x": 0.3, "kind": "a"}, 2),
        RunSampled(3, {"x": 0.4, "kind": "a"}, 3),
        RunEnded(2, "failed", None),
        RunEnded(1, "early_stopped", 0.25, "asha", curve=((1, 0.1), (3, 0.25))),
    ]
    OtherSampler("asked", asked, SPACE, 1).combination(4, history)
    (request,) = asked.requests
    assert request.number == 4
    assert request.running == ({"x": 0.4, "kind": "a"},)
    assert request.results == (
        EndedRun({"x": 0.1, "kind": "a"}, "finished", (0.5,)),
        EndedRun({"x": 0.3, "kind": "a"}, "failed", None),
        EndedRun(
            {"x": 0.2, "kind": "a"},
            "early_stopped",
            (0.25,),
            "asha",
            curve=((1, 0.1), (3, 0.25)),
        ),
    )


def test_answer_is_completed_and_misplaced_values_are_dropped() -> None:
    sampler = OtherSampler("asked", RecordingSampler(lambda q: {"x": 0.5, "only_b": 2}), SPACE, 1)
    found = [sampler.combination(number) for number in (1, 2)]
    assert all(one is not None and one["x"] == 0.5 for one in found)
    assert all(("only_b" in one) == (one["kind"] == "b") for one in found if one)
    assert len({str(one) for one in found}) == len([one for one in found if one])


def test_same_history_gives_the_same_answer_again() -> None:
    def draw(request: ProposalRequest) -> Mapping[str, Any]:
        return {"x": request.random.random()}

    one, other = (OtherSampler("asked", RecordingSampler(draw), SPACE, 7) for _ in range(2))
    first = [one.combination(number) for number in range(1, 6)]
    history = [RunSampled(n, dict(c or {}), n, n_known=0) for n, c in enumerate(first[:4], 1)]
    assert other.combination(5, history) == first[4]
    assert all(c is not None and float(str(c["x"])) <= 0.9 for c in first)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"x": 5}, "proposed x=5, which is not in the search space"),
        ({"z": 1}, "proposed 'z', which is no hyperparameter"),
        (None, "TypeError"),
    ],
)
def test_wrong_proposal_is_reported_and_a_run_is_drawn(answer: Any, message: str) -> None:
    sampler = OtherSampler("asked", RecordingSampler(lambda request: answer), SPACE, 1)
    assert sampler.combination(1) is not None
    assert message in (sampler.trouble or "")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package whose entry points name nothing that can be used."""
    info = tmp_path / "wrong-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wrong\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[ml_tracking_ops.samplers]\nnowhere = no_such_module:PLUGIN\nmath = math:pi\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "cannot be loaded"), ("math", "is not a SamplerPlugin")]
)
def test_package_that_cannot_be_used_is_named(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_plugin(name)
    assert find_plugin("unheard_of") is None
