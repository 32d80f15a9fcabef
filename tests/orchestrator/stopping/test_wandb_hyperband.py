"""W&B's hyperband: the brackets and decisions of its own package, over many histories."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from wandb_reference import Reference

from ml_tracking_ops.orchestrator.stopping.settings import WandbHyperbandRule

values = st.floats(-10, 10) | st.sampled_from([0.0, 1.0, 2.0])
histories = st.lists(st.lists(values, min_size=1, max_size=12), min_size=1, max_size=7)
etas = st.sampled_from([1.1, 1.5, 2, 2.5, 3, 4, 10])
forms = st.fixed_dictionaries(
    {"min_iter": st.integers(1, 5)}, optional={"eta": etas, "strict": st.booleans()}
) | st.fixed_dictionaries(
    {"max_iter": st.integers(10, 81), "s": st.integers(1, 5)},
    optional={"eta": etas, "strict": st.booleans(), "min_iter": st.integers(1, 3)},
)


def rule_of(form: dict[str, Any]) -> WandbHyperbandRule:
    given = {**form, **({"eta": float(form["eta"])} if "eta" in form else {})}
    return WandbHyperbandRule.model_validate({"rule": "wandb_hyperband", **given})


@given(form=forms, logged=histories, goal=st.sampled_from(["minimize", "maximize"]))
@settings(max_examples=150)
def test_runs_are_stopped_as_wandb_stops_them(
    reference: Reference, form: dict[str, Any], logged: list[list[float]], goal: str
) -> None:
    names = [str(n) for n in range(len(logged))]
    config = {
        "method": "random",
        "metric": {"name": "loss", "goal": goal},
        "early_terminate": {"type": "hyperband", **form},
    }
    expected = reference.ask("stopped", config, logged, names)
    settings_ = rule_of(form)
    assert settings_.brackets == [b for b in expected["bands"] if b <= 2**53]
    last = len(logged) - 1
    rule = settings_.build("loss", "min" if goal == "minimize" else "max")
    decision = None
    for run, history in enumerate(logged):
        for step, value in enumerate(history):
            decision = rule.observe(run, step, value)
    assert (decision is not None) == (str(last) in expected["stop"])


def test_brackets_are_those_of_wandbs_documentation() -> None:
    assert rule_of({"min_iter": 3}).brackets[:4] == [3, 9, 27, 81]
    assert rule_of({"max_iter": 27, "s": 2}).brackets == [3, 9]
    assert rule_of({"min_iter": 3, "eta": 1.5}).brackets[:5] == [3, 4, 6, 10, 15]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "needs min_iter, or max_iter and s"),
        ({"max_iter": 27}, "max_iter needs s"),
        ({"max_iter": 2, "s": 3}, "no run is ever compared"),
        ({"min_iter": 3, "eta": 1.0}, "greater than 1"),
    ],
)
def test_rule_that_compares_nothing_is_explained(form: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        rule_of(form)


def test_values_that_are_not_finite_do_not_count() -> None:
    rule = rule_of({"min_iter": 1, "eta": 10}).build("loss", "min")
    assert rule.observe(1, 0, 1.0) is None
    assert rule.observe(2, 0, float("nan")) is None
    decision = rule.observe(2, 1, 3.0)
    assert decision is not None
    assert decision.threshold == 1.0
    assert "loss 3 is not among the best 1/10 of 2 runs after 1 value" in decision.reason


def test_run_is_judged_again_when_others_reach_its_bracket() -> None:
    rule = rule_of({"min_iter": 1, "eta": 10}).build("loss", "min")
    assert rule.observe(1, 0, 3.0) is None
    assert rule.observe(2, 0, 1.0) is None
    assert rule.observe(1, 1, 0.5) is not None


def test_run_that_begins_again_is_forgotten() -> None:
    rule = rule_of({"min_iter": 1, "eta": 10}).build("loss", "min")
    rule.observe(1, 0, 1.0)
    rule.forget(1)
    assert rule.observe(2, 0, 5.0) is None
    assert rule.observe(1, 0, 9.0) is not None
