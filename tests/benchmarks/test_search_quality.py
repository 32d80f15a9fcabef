"""The benchmark of samplers under rules, on a made-up task: its surrogates are not in here."""

import sys
from typing import Any

import pytest
from places import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from quality.network import Network
from quality.own import OWN
from quality.peers import PEERS
from quality.report import differences, picture, table
from quality.simulation import simulate
from quality.tasks import SCENARIOS


class MadeUpTask:
    """Its accuracy grows with the level, and towards the middle of the learning rates."""

    name = "made-up"
    n_levels = 9
    scale = (100.0, 50.0)
    space = SCENARIOS["lcbench"].space

    def counts(self, combination: dict[str, Any]) -> bool:
        return True

    def curve(
        self, combination: dict[str, Any], first: int = 1, last: int | None = None
    ) -> list[float]:
        best = 100 - 300 * abs(combination["learning_rate"] - 0.03)
        return [best - 10 / level for level in range(first, (last or self.n_levels) + 1)]


@pytest.mark.parametrize("name", [*OWN, *PEERS])
def test_contender_spends_its_budget(name: str) -> None:
    task: Any = MadeUpTask()
    contender = {**OWN, **PEERS}[name](task, "asha", 1)
    curve = simulate(task, contender, budget=180, workers=3)
    assert len(curve) == 180
    assert curve == sorted(curve, reverse=True)
    assert curve[-1] < 0.5


def test_network_continues_training() -> None:
    combination = {
        "solver": "sgd",
        "hidden": 8,
        "learning_rate": 0.1,
        "batch_size": 100,
        "alpha": 1e-4,
        "momentum": 0.9,
    }
    one, other = Network(), Network()
    whole = one.curve(combination, 1, 5)
    assert [*other.curve(combination, 1, 2), *other.curve(combination, 3, 5)] == [*whole]
    assert whole[-1] > whole[0] + 10


def row(contender: str, seed: int, regret: float) -> dict[str, Any]:
    about = {"task": "made-up", "rule": "asha", "workers": 4, "wholes": 30}
    return {**about, "contender": contender, "seed": seed, "curve": [1.0] * 59 + [regret]}


def test_differences_are_between_sweeps_that_both_have_finished() -> None:
    rows = [
        row("a", 1, 0.2),
        row("a", 2, 0.4),
        row("a", 3, 9.0),
        row("b", 1, 0.1),
        row("b", 2, 0.2),
    ]
    assert differences(rows, "b/asha", "a/asha").startswith("b/asha − a/asha: -0.150 ± 0.050")
    assert table(rows, "a/asha")[3].startswith("| b/asha | 2 | 0.150 ± 0.050 |")
    assert "2 sweeps each" in picture(rows)
