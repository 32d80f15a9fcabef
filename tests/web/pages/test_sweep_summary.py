"""The summary of a sweep's configuration."""

from typing import Any

import pytest

from ml_tracking_ops.web.pages.summary import SpaceRow, SummaryFact, readable, summarize_sweep


def space(name: str, value: Any) -> SpaceRow:
    (row,) = summarize_sweep({}, {"hyperparameters": {name: value}}).space
    return row


@pytest.mark.parametrize(
    ("value", "row"),
    [
        ({"type": "uniform", "min": 0, "max": 1}, SpaceRow("x", "uniform", None, 0, 1)),
        ({"type": "choice", "candidates": [1, "a"]}, SpaceRow("x", "choice", (1, "a"))),
        (
            {"type": "int", "min": 1, "max": 9, "step": 2, "when": {"optimizer": "sgd"}},
            SpaceRow("x", "int", None, 1, 9, "step 2 · when optimizer sgd"),
        ),
        (
            {"type": "normal", "mu": 0, "sigma": 0.5},
            SpaceRow("x", "normal", text="mu 0 · sigma 0.5"),
        ),
        (
            {"hyp_type": "choice", "hyp_desc": "Choice[1]"},
            SpaceRow("x", "choice", text="Choice[1]"),
        ),
        (7, SpaceRow("x", "?", text="7")),
    ],
)
def test_hyperparameter_is_shown_by_its_type(value: Any, row: SpaceRow) -> None:
    assert space("x", value) == row


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([{"rule": "asha", "rungs": 3}, {"rule": "median"}], "asha (rungs 3), median"),
        ({"count": 3, "seed_name": "seed"}, "count 3, seed_name seed"),
        (True, "yes"),
        (1e-5, "1e-5"),
        (["a <= b"], "a <= b"),
    ],
)
def test_value_is_readable(value: Any, text: str) -> None:
    assert readable(value) == text


def test_other_settings_are_facts_with_their_units() -> None:
    config = {
        "timeout_s": 60,
        "min_free_gpu_memory_gb": 4,
        "max_hours": 1.5,
        "constraints": [],
        "environment": {"TOKEN": "secret"},
    }
    facts = summarize_sweep({}, config).facts
    for fact in (
        SummaryFact("Timeout", "60 s"),
        SummaryFact("Min free gpu memory", "4 GB"),
        SummaryFact("Max hours", "1.5 h"),
        SummaryFact("Environment", "TOKEN"),
    ):
        assert fact in facts
    assert not any("onstraints" in fact.label for fact in facts)


def test_origin_shows_seed_workers_and_commit() -> None:
    description = {
        "seed": 0,
        "n_workers": 4,
        "git": {"commit": "0123456789abcdef", "is_dirty": True},
    }
    facts = summarize_sweep(description, {}).facts
    assert SummaryFact("Seed", "0") in facts
    assert SummaryFact("Git commit", "0123456789, with changes", "0123456789abcdef", True) in facts


@pytest.mark.parametrize(
    "config",
    [{}, {"hyperparameters": [1]}, {"early_stopping": "x"}, {"max_runs": None, "x": [{}, [[]]]}],
)
def test_any_configuration_gives_a_summary(config: dict[str, Any]) -> None:
    assert summarize_sweep({"git": 3, "command": 4}, config).command is None


@pytest.mark.parametrize(("n_workers", "text"), [(None, "2"), (2, "2"), (4, "4, began with 2")])
def test_workers_are_those_there_are_now(n_workers: int | None, text: str) -> None:
    facts = summarize_sweep({"n_workers": 2}, {}, n_workers).facts
    assert [fact.value for fact in facts if fact.label == "Workers"] == [text]


@pytest.mark.parametrize(
    ("began", "now", "text"),
    [
        (2, 6, "6, began with 2"),
        (2, 2, "2"),
        (5000, None, "5,000"),
        (None, 6, "6"),
        ("x", None, "x"),
    ],
)
def test_runs_at_most_are_those_of_the_latest_resume(
    began: object, now: int | None, text: str
) -> None:
    facts = summarize_sweep({}, {"max_runs": began}, None, now).facts
    assert [fact.value for fact in facts if fact.label == "Runs at most"] == [text]


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"early_stopping": False}, "off"),
        (
            {"early_stopping": False, "stopping_rules": [{"rule": "asha"}]},
            "by the stopping rules alone",
        ),
        (
            {"early_stopping": True, "early_stopping_patience": 3},
            "after 3 values without improvement",
        ),
    ],
)
def test_early_stopping_is_not_off_where_rules_stop_runs(config: dict[str, Any], text: str) -> None:
    assert SummaryFact("Early stopping", text) in summarize_sweep({}, config).facts
