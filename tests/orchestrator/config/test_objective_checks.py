"""Mistakes in objectives and in constraints on outcomes, and combinations that cannot be."""

from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.config.validation import validate_config
from ml_tracking_ops.orchestrator.errors import ConfigError

TWO = [{"metric": "accuracy", "goal": "max"}, {"metric": "latency_ms", "goal": "min"}]
FOUR = [*TWO, {"metric": "memory_gb", "goal": "min"}, {"metric": "size_mb", "goal": "min"}]


def problems(folder: Path, **changes: Any) -> dict[str, str]:
    (folder / "train.py").touch()
    source = {
        "main_script_name": "train.py",
        "max_runs": 3,
        "early_stopping": False,
        "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
        **changes,
    }
    try:
        validate_config(source, folder)
    except ConfigError as error:
        return {problem.key: problem.message for problem in error.problems}
    return {}


@pytest.mark.parametrize("sampler", ["random", "sobol", "tpe", "gp", "bayes", "nsga2", "auto"])
def test_several_objectives_are_accepted_with_samplers_that_know_them(
    tmp_path: Path, sampler: str
) -> None:
    rules = [
        {"rule": "asha", "metric": "accuracy"},
        {"rule": "asha", "resume": True},
        {"rule": "threshold", "metric": "loss"},
    ]
    assert not problems(
        tmp_path, objectives=TWO, sampler=sampler, where=["memory/gb <= 24"], stopping_rules=rules
    )


@pytest.mark.parametrize(
    ("changes", "key", "text"),
    [
        ({"optimization_metric": "accuracy"}, "optimization_metric", "Keep one of the two"),
        ({"target": 0.9}, "target", "no single best value"),
        ({"max_runs_without_improvement": 3}, "max_runs_without_improvement", "max_hours"),
        ({"repeats": {"count": 2, "seed_name": "s"}}, "repeats", "means of one metric"),
        ({"confirm": {}}, "confirm", "has a front instead"),
        ({"early_stopping": True}, "early_stopping", "stopping_rules"),
        (
            {"sampler": "cma_es"},
            "sampler",
            "cma_es supports one objective. Use tpe, gp, bayes, nsga2, random, grid or sobol",
        ),
        (
            {"sampler": {"type": "bayes"}, "objectives": FOUR},
            "sampler",
            "bayes supports up to 3 objectives. Use tpe, gp, nsga2, random, grid or sobol",
        ),
        ({"stopping_rules": [{"rule": "median"}]}, "stopping_rules.0.metric", "must name one"),
        (
            {"stopping_rules": [{"rule": "asha", "metric": "acuracy"}]},
            "stopping_rules.0.metric",
            "did you mean accuracy?",
        ),
        ({"where": ["memory <="]}, "where.0", "is not an expression"),
        ({"where": ["memory - 10"]}, "where.0", "such as memory - 10 <= 0"),
        ({"where": ["memory < 3 or memory"]}, "where.0", "is neither true nor false"),
        ({"where": ["1 < 2"]}, "where.0", "names no metric"),
        ({"objectives": TWO[:1]}, "objectives", "a list of 2 to 8 objects"),
        (
            {"objectives": ["accuracy", *TWO]},
            "objectives.0",
            'must be an object such as {"metric": "accuracy", "goal": "max"}, got "accuracy"',
        ),
        (
            {"sampler": {"type": "nsga2", "mutation_prob": 2}},
            "sampler.mutation_prob",
            "must be a number from 0 to 1, got 2",
        ),
        ({"objectives": [*TWO, TWO[0]]}, "objectives.2.metric", "is already an objective"),
        ({"objectives": [{"metric": "a", "goal": "up"}, TWO[0]]}, "objectives.0.goal", '"max"'),
    ],
)
def test_keys_that_exclude_objectives_are_named(
    tmp_path: Path, changes: dict[str, Any], key: str, text: str
) -> None:
    found = problems(tmp_path, **{"objectives": TWO, **changes})
    assert text in found[key]


def test_where_and_metrics_of_rules_need_something_to_be_found(tmp_path: Path) -> None:
    assert "needs optimization_metric" in problems(tmp_path, where=["a < 1"])["where"]
    rules = [{"rule": "asha", "metric": "loss"}]
    one = {"optimization_metric": "accuracy", "optimization_goal": "max"}
    found = problems(tmp_path, stopping_rules=rules, **one)
    assert "must be optimization_metric" in found["stopping_rules.0.metric"]
