"""The histograms of a name as the cards request them."""

from pathlib import Path
from typing import Any

import pytest
from pages import Client

from ml_tracking_ops.logger import ExperimentLogger

BIN = 100 / 64


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path


def stack_of(client: Client, run_id: str, name: str = "w") -> Any:
    answer = client.get(f"/api/media/histograms?run={run_id}&name={name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("values", "percent", "least", "most"),
    [
        ([0] * 40 + [100] * 60, 50, 100 - BIN, 100),
        ([0] * 40 + [100] * 60, 25, 0, BIN),
        ([0] * 4 + [100] * 96, 5, 100 - BIN, 100),
        ([0] * 4 + [100] * 96, 50, 100 - BIN, 100),
        ([0] * 96 + [100] * 4, 95, 0, BIN),
        ([0, 50, 50, 50, 100], 50, 50 - BIN, 50 + BIN),
    ],
)
def test_percentiles_are_where_the_values_are(
    client: Client,
    logger: ExperimentLogger,
    run_id: str,
    values: list[int],
    percent: int,
    least: float,
    most: float,
) -> None:
    logger.add_histogram("w", values, 0)
    found = stack_of(client, run_id)
    place = found["percents"].index(percent)
    assert least <= found["percentiles"][0][place] <= most


def test_percentiles_of_counts_with_empty_ends_are_between_the_values(
    client: Client, logger: ExperimentLogger, run_id: str
) -> None:
    logger.add_counts("w", [0, 0, 4, 0, 4, 0], [0, 1, 2, 3, 4, 5, 6], 0, minimum=2.5, maximum=4.5)
    (found,) = stack_of(client, run_id)["percentiles"]
    assert found == pytest.approx([2.5, 2.55, 2.75, 3, 4.25, 4.45, 4.5])


def chosen(client: Client, run_id: str, **wanted: float) -> Any:
    query = "".join(f"&{key}={value}" for key, value in wanted.items())
    answer = client.get(f"/api/media/histogram?run={run_id}&kind=histogram&name=w{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_of_many_steps_can_be_requested(
    client: Client, logger: ExperimentLogger, run_id: str
) -> None:
    for step in range(300):
        logger.add_histogram("w", [step, step + 1], step)
    drawn = stack_of(client, run_id)
    assert (len(drawn["steps"]), drawn["n_steps"]) == (150, 300)
    for step in set(range(300)) - set(drawn["steps"]):
        found = chosen(client, run_id, step=step, low=0, high=100)
        assert found["steps"] == [step]
        assert found["facts"][0]["minimum"] == step
        assert (found["edges"][0], found["edges"][-1]) == (0, max(100, step + 1))
        assert sum(found["shares"][0]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("wanted", "place"), [({}, 2), ({"place": 0}, 0), ({"place": 9}, 2)])
def test_histograms_of_a_step_have_places(
    client: Client, logger: ExperimentLogger, run_id: str, wanted: dict[str, int], place: int
) -> None:
    for number in range(3):
        logger.add_histogram("w", [number, 10], 5)
    assert stack_of(client, run_id)["n_items"] == [3]
    found = chosen(client, run_id, step=5, **wanted)
    assert (found["place"], found["n_items"]) == (place, [3])
    assert found["facts"][0]["minimum"] == place


def test_empty_histogram_can_be_requested(
    client: Client, logger: ExperimentLogger, run_id: str
) -> None:
    logger.add_histogram("w", [float("nan")], 0)
    assert chosen(client, run_id, step=0)["percentiles"] == [None]


@pytest.mark.parametrize("low", ["x", "nan", "1e999"])
def test_wrong_ends_of_a_histogram_are_refused(
    client: Client, logger: ExperimentLogger, run_id: str, low: str
) -> None:
    logger.add_histogram("w", [1.0], 0)
    address = f"/api/media/histogram?run={run_id}&kind=histogram&name=w&low={low}"
    assert client.get(address).status_code == 400
