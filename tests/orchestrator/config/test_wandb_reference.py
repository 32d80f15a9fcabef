"""Whole W&B sweep files, as W&B's own validator and grid take them and as we do."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from spaces import all_of
from wandb_reference import Reference

from ml_tracking_ops.orchestrator.commands.values import as_objects
from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.config.validation import LoadedConfig
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.search.samplers.grid import GridSampler
from ml_tracking_ops.orchestrator.search.space import Space

REASONS = (
    "is missing. The method bayes learns from it",
    "is missing. early_terminate compares runs by it",
    "which leaves no bracket",
    "custom needs a W&B scheduler",
    "several metrics to optimise",
    "starts a W&B Launch",
    "only engine wandb has a counterpart",
    "a grid cannot use ",
    "must be a whole number, 1 or more, got ",  # W&B brackets that make no sense
    "is missing: the training script",
    "cannot be distinguished from what",
    "W&B draws NaN",
    ": they are reversed",  # of nested parameters, which the validator does not compare
    "for one value write value",
    "must add up to 1",
    "metric.name: must be a string",  # an empty one names nothing
)
"""Why we refuse what the validator accepts: W&B's servers, or W&B's own code fails on it."""

texts = st.sampled_from(["x", "", "val/loss"])
wrong = st.sampled_from([None, 3, [], {}, True, ["a"], "other"])
names = st.sampled_from(["lr", "a", "b.c", "batch-size", "_x", "2x", "a b", "logdir", ""])
leaves: st.SearchStrategy[Any] = st.sampled_from(
    [
        {"value": 1},
        {"value": None},
        {"values": [1, 2]},
        {"values": ["a", 1.5, None, True, [1, 2], {"k": 1}]},
        {"values": [1, 1, 1.0]},
        {"values": []},
        {"values": [1, 2], "probabilities": [0.25, 0.75]},
        {"min": 1, "max": 3},
        {"min": 0, "max": 0.5},
        {"min": 3, "max": 1},
        {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25},
        {"distribution": "q_uniform", "min": 1, "max": 2, "q": 3},
        {"distribution": "log_uniform", "min": -3, "max": 0},
        {"distribution": "normal", "sigma": 0},
        {"distribution": "nonsense"},
        {"q": 1},
        3,
    ]
)
parameters = st.dictionaries(
    names,
    leaves
    | st.dictionaries(names, leaves, max_size=2).map(lambda inner: {"parameters": inner})
    | st.sampled_from([{"parameters": {"d": {"parameters": {"e": {"value": 1}}}}}]),
    max_size=3,
)
metrics = st.fixed_dictionaries(
    {"name": texts | wrong},
    optional={
        "goal": st.sampled_from(["minimize", "maximize", "min", None]),
        "target": st.sampled_from([0.5, 1, "0.5"]),
        "impute": st.sampled_from(["best", "mean"]),
        "impute_while_running": st.sampled_from(["false", "latest", False]),
        "direction": texts,
    },
)
hyperband = st.fixed_dictionaries(
    {"type": st.sampled_from(["hyperband", "hyperband", "median"])},
    optional={
        "min_iter": st.sampled_from([1, 3, 0, 2.5, "3"]),
        "max_iter": st.sampled_from([27, 2, 0, "9"]),
        "s": st.sampled_from([1, 2, 0, 2.5]),
        "eta": st.sampled_from([2, 3, 1.5, 1, "3"]),
        "strict": st.sampled_from([True, False, "yes"]),
        "max_steps": st.just(3),
    },
)
files = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["grid", "random", "bayes", "random", "grid", "custom", "tpe"]),
        "parameters": parameters | wrong,
    },
    optional={
        "program": st.sampled_from(["train.py", "train.py", 3, None]),
        "metric": metrics | wrong,
        "early_terminate": hyperband | wrong,
        "run_cap": st.sampled_from([1, 20, 0, -1, 2.5, "3", True]),
        "command": st.sampled_from(
            [["python", "${program}", "${args}"], ["python", "train.py"], "x", ["a", 1, True]]
        ),
        "name": texts | wrong,
        "project": texts,
        "kind": st.sampled_from(["sweep", "run"]),
        "controller": st.sampled_from([{"type": "local"}, {"type": "x"}, {}, "cloud"]),
        "scheduler": st.sampled_from([{"engine": "wandb"}, {"engine": "optuna"}, {}]),
        "job": texts,
        "agents": st.just(3),
    },
)


def load(folder: Path, config: dict[str, Any]) -> LoadedConfig:
    (folder / "train.py").touch()
    (folder / "sweep.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    return load_config(folder / "sweep.yaml")


@given(config=files)
@settings(max_examples=400)
def test_files_that_wandbs_validator_refuses_are_refused(
    reference: Reference, tmp_path_factory: pytest.TempPathFactory, config: dict[str, Any]
) -> None:
    refused = reference.ask("violations", config)
    ours = problems_of(tmp_path_factory.getbasetemp(), config)
    if refused:
        assert ours, f"{config}: accepted here, refused by W&B: {refused}"
    unexplained = [text for text in ours if not any(reason in text for reason in REASONS)]
    assert refused or not unexplained, f"{config}: accepted by W&B, refused here: {ours}"


def problems_of(folder: Path, config: dict[str, Any]) -> list[str]:
    """What we find wrong with a file."""
    try:
        load(folder, config)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def is_close(found: Any, expected: Any) -> bool:
    """Whether two values are the same, up to rounding."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            is_close(found[key], expected[key]) for key in found
        )
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, abs_tol=1e-9)
    return bool(found == expected)


@given(
    chosen=st.dictionaries(
        st.sampled_from(["c", "b", "a", "d_e"]),
        st.sampled_from(
            [
                {"values": [3, 1, 2]},
                {"values": [1, 1, True, "1", 1.0]},
                {"values": [[1, 2], None, {"k": [1]}]},
                {"min": -1, "max": 1},
                {"value": "x"},
                {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25},
                {"distribution": "q_uniform", "min": 0.1, "max": 1, "q": 0.3},
                {"distribution": "q_uniform", "min": 1, "max": 5},
                {"distribution": "q_uniform", "min": 1, "max": 2, "q": 3},
                {"parameters": {"z": {"values": [1, 2]}, "y": {"values": ["p", "q"]}}},
            ]
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(max_examples=80)
def test_grid_has_wandbs_combinations_in_wandbs_order(
    reference: Reference, tmp_path_factory: pytest.TempPathFactory, chosen: dict[str, Any]
) -> None:
    config = {"program": "train.py", "method": "grid", "parameters": chosen}
    loaded = load(tmp_path_factory.getbasetemp(), config)
    sampler = GridSampler(Space(loaded.config.hyperparameters), 0)
    found = [as_objects(combination, loaded.config.objects) for combination in all_of(sampler)]
    expected = reference.ask("grid", config, len(found) + 1)
    assert len(found) == loaded.config.max_runs == len(expected)
    assert all(map(is_close, found, expected)), f"{found} is not {expected}"
