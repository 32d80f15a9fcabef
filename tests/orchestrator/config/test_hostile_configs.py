"""Invalid configurations are explained without a traceback and without a delay."""

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sweeps import run_command

from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.config.validation import LoadedConfig
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.search.choices import Choice

JUNK: list[Any] = [["random"], {"a": ["b"]}, [], {}, 1.5, True, None, "x", [[{}]], -1, 10**400]
WANDB: dict[str, Any] = {
    "method": "bayes",
    "program": "train.py",
    "name": "n",
    "metric": {"name": "loss", "goal": "minimize", "target": 0.1},
    "parameters": {
        "a": {"values": [1, 2], "probabilities": [0.5, 0.5]},
        "b": {"distribution": "uniform", "min": 0, "max": 1},
        "c": {"value": 3},
    },
    "early_terminate": {"type": "hyperband", "min_iter": 3, "eta": 2, "s": 2, "strict": True},
    "command": ["${env}", "python", "${program}", "${args}"],
    "run_cap": 3,
}
OWN: dict[str, Any] = {
    "main_script_name": "train.py",
    "hyperparameters": {
        "a": {"type": "choice", "candidates": [1, 2], "probabilities": [0.5, 0.5]},
        "b": {"type": "uniform", "min": 0, "max": 1, "when": {"a": [1]}},
    },
    "max_runs": 3,
    "early_stopping": True,
    "early_stopping_patience": 3,
    "optimization_metric": "loss",
    "optimization_goal": "min",
    "sampler": "random",
    "constraints": ["a < 2"],
    "first_runs": [{"a": 1, "b": 0.5}],
    "repeats": {"n": 2, "seed_name": "seed"},
    "command": ["${interpreter}", "${program}", "${args}"],
    "environment": {"A": "b"},
    "warm_start": ["nowhere"],
    "metrics_from": "stdout",
    "metrics_pattern": "json",
}


def outcome(path: Path) -> LoadedConfig | ConfigError:
    try:
        return load_config(path)
    except ConfigError as error:
        return error


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested mappings and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def replaced(source: dict[str, Any], path: tuple[Any, ...], junk: Any) -> dict[str, Any]:
    changed = copy.deepcopy(source)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = junk
    return changed


@pytest.mark.parametrize("junk", JUNK, ids=repr)
@pytest.mark.parametrize("kind", ["own", "wandb"])
def test_junk_in_the_place_of_any_value_is_a_mistake_or_means_something(tmp_path, kind, junk):
    (tmp_path / "train.py").touch()
    source = OWN if kind == "own" else WANDB
    path = tmp_path / ("sweep.yaml" if kind == "wandb" else "experiment_cfg.json")
    for place in places(source):
        changed = replaced(source, place, junk)
        text = yaml.safe_dump(changed) if kind == "wandb" else json.dumps(changed)
        path.write_text(text)
        assert isinstance(outcome(path), LoadedConfig | ConfigError)


@pytest.mark.parametrize("name", ["cfg.json", "cfg.yaml"])
def test_fifo_or_device_as_a_configuration_is_refused(tmp_path, name):
    os.mkfifo(tmp_path / name)
    for given in (name, "/dev/zero", "."):
        done = run_command("sweep", given, "--dry-run", folder=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "it is not a regular file" in done.stderr or "Is a directory" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "n_bytes"), [("cfg.json", 17 << 20), ("cfg.yaml", 2 << 20)])
def test_configuration_that_is_too_long_is_refused(tmp_path, name, n_bytes):
    (tmp_path / name).write_bytes(b" " * n_bytes)
    with pytest.raises(ConfigError, match="cannot be read: it has more than"):
        load_config(tmp_path / name)


def test_very_many_candidates_take_time_in_proportion(tmp_path):
    (tmp_path / "train.py").touch()
    candidates = list(range(300_000))
    definition = {"type": "choice", "candidates": [*candidates, *map(float, candidates)]}
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": definition},
        "max_runs": 2,
        "early_stopping": False,
    }
    (tmp_path / "experiment_cfg.json").write_text(json.dumps(config))
    done = run_command("sweep", "--dry-run", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_every_kind_of_candidate_counts_once():
    values = [1, 1.0, True, "1", [1], [1.0], [True], {"a": 1}, {"a": 1.0}, None, None, False, 0]
    possible = Choice(type="choice", candidates=values).possible
    assert possible == [1, True, "1", [1], [True], {"a": 1}, None, False, 0]


def test_many_duplicate_keys_are_found_at_once(tmp_path):
    pairs = ", ".join(f'"k{number}": 1' for number in range(200_000))
    (tmp_path / "cfg.json").write_text("{" + pairs + ', "k199999": 2}')
    with pytest.raises(ConfigError, match="k199999"):
        load_config(tmp_path / "cfg.json")
