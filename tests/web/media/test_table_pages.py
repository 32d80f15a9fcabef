"""Rows of a logged table as the cards request them."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pages import Client

from ml_tracking_ops.logger import ExperimentLogger

LONG = 12_345_678_901_234_567_891


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path


def part_of(client: Client, run_id: str, **wanted: str | int) -> Any:
    query = "".join(f"&{key}={value}" for key, value in wanted.items())
    answer = client.get(f"/api/media/table?run={run_id}&kind=table&name=t{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("n_rows", "first", "expected"),
    [(10, 100, (0, 10)), (100, 100, (50, 50)), (137, 100, (100, 37)), (0, 50, (0, 0))],
)
def test_last_rows_are_shown_if_there_are_fewer_than_before(
    client: Client,
    logger: ExperimentLogger,
    run_id: str,
    n_rows: int,
    first: int,
    expected: tuple[int, int],
) -> None:
    logger.add_table("t", [{"row": n} for n in range(n_rows + 1)][1:] or {"row": []}, 0)
    found = part_of(client, run_id, first=first, number=50)
    assert (found["first"], len(found["rows"])) == expected


def test_long_whole_numbers_have_all_their_digits(
    client: Client, logger: ExperimentLogger, run_id: str
) -> None:
    logger.add_table("t", {"id": [LONG + 1, LONG, 1_234_567, -LONG, 2.5]}, 0)
    found = part_of(client, run_id)
    expected = [str(LONG + 1), str(LONG), 1_234_567, str(-LONG), 2.5]
    assert [row[0] for row in found["rows"]] == expected
    assert found["is_number"] == [True]
    assert part_of(client, run_id, search=f"id={LONG}")["rows"] == [[str(LONG)]]
    in_order = [row[0] for row in part_of(client, run_id, sort=0)["rows"]]
    assert in_order == [str(-LONG), 2.5, 1_234_567, str(LONG), str(LONG + 1)]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ('"image name"=3.png', [1]),
        ('"image name"="my cat.png"', [2]),
        ('"image name"!=3.png p>0', [2, 3]),
        ('"my cat"', [2]),
        ("my cat", [2, 4]),
        ('p>"0.3"', [3]),
        ('5"', [3]),
        ('"', [3]),
        ('"a>b"=yes', [4]),
        ("a>b=yes", []),
    ],
)
def test_filter_takes_names_with_spaces_in_quotes(
    client: Client, logger: ExperimentLogger, run_id: str, search: str, expected: list[int]
) -> None:
    columns = ["number", "image name", "p", "a>b"]
    rows = [
        [1, "3.png", 0.1, "no"],
        [2, "my cat.png", 0.2, "no"],
        [3, '5" disk', 0.9, "no"],
        [4, "cat of my own", None, "yes"],
    ]
    logger.add_table("t", rows, 0, columns=columns)
    found = part_of(client, run_id, search=quote(search))["rows"]
    assert [row[0] for row in found] == expected


@pytest.mark.parametrize(("place", "shown"), [(0, 0), (1, 1), (2, 1), (-5, 0)])
def test_tables_of_a_step_have_places(
    client: Client, logger: ExperimentLogger, run_id: str, place: int, shown: int
) -> None:
    for number in range(2):
        logger.add_table("t", [[number]], 3, columns=["number"])
    found = part_of(client, run_id, place=place)
    assert (found["place"], found["n_items"], found["rows"]) == (shown, 2, [[shown]])
