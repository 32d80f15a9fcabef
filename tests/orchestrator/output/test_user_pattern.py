"""A user's regular expression."""

import pytest

from ml_tracking_ops.orchestrator.output.parser import LineParser
from ml_tracking_ops.orchestrator.output.user_pattern import OutputPatternError, UserPattern

SLOW = r"(?P<loss>(?:a|aa|aaa)+)b$"


@pytest.mark.parametrize(
    ("line", "n_found"), [("loss 0.5", 1), ("loss 12,345", 0), ("loss 1e-5", 0), ("loss .5", 1)]
)
def test_part_of_a_longer_number_is_not_a_value(line: str, n_found: int) -> None:
    parser = LineParser(r"loss (?P<loss>[\d.]+)")
    assert len(parser.parse(line)) == n_found


def test_cut_number_is_reported() -> None:
    parser = LineParser(r"loss (?P<loss>\d+)")
    assert parser.parse("loss 12,345") == []
    ((kind, text),) = parser.notes
    assert kind == "cut loss"
    assert "matches a part of a longer number for 'loss'" in text
    assert text.endswith("loss 12,345")


def test_number_in_groups_of_three_is_a_value() -> None:
    assert LineParser(r"loss (?P<loss>\S+)").parse("loss 12,345") == [("loss", 12345.0, None)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.5134,", 2.5134),
        ("(0.5)", 0.5),
        ("[0.5];", 0.5),
        ("85.1%", 85.1),
        ("'0.5'}", 0.5),
        ("0.5.", 0.5),
        ("12,345,", 12345),
        ("12,34,", None),
        ("1.2.3", None),
        ("0.5s,", None),
    ],
)
def test_punctuation_around_a_number_is_left_out(text: str, value: float | None) -> None:
    found = LineParser(r"loss (?P<loss>\S+)").parse(f"iter 100: loss {text} time 3ms")
    assert found == ([] if value is None else [("loss", value, None)])


def test_slow_expression_is_aborted() -> None:
    parser = LineParser(SLOW)
    line = "a" * 200 + "c"
    for _ in range(5):
        assert parser.parse(line) == []
    assert [kind for kind, _ in parser.notes] == ["slow", "given up"]
    assert "No more metrics are read from this run's output" in parser.notes[1][1]
    spent_s = parser.spent_s
    assert parser.parse("ab") == []
    assert parser.spent_s == spent_s


def test_wrong_expression_is_an_error() -> None:
    with pytest.raises(OutputPatternError, match="at position 1"):
        UserPattern("(")
