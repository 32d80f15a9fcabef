"""Texts of a step: an answer converts only as much as one text may hold."""

from pathlib import Path

import pytest
from pages import Client

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.web.media.markdown import MOST_CHARACTERS


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path


def parts_of(client: Client, run_id: str) -> list[int]:
    """Return how many texts each answer holds, until all are fetched."""
    found: list[int] = []
    while True:
        address = f"/api/media/step?run={run_id}&kind=text&name=t&first={sum(found)}"
        answer = client.get(address).json()
        found.append(len(answer["items"]))
        if sum(found) >= answer["n_items"]:
            return found


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (10, [24, 6]),
        (MOST_CHARACTERS // 10, [10, 10, 10]),
        (MOST_CHARACTERS // 2 + 1, [1] * 30),
        (2 * MOST_CHARACTERS, [1] * 30),
    ],
)
def test_long_texts_of_a_step_come_in_smaller_parts(
    client: Client, logger: ExperimentLogger, run_id: str, length: int, expected: list[int]
) -> None:
    for _ in range(30):
        logger.add_text("t", "x" * length, 0)
    assert parts_of(client, run_id) == expected
