"""`hyperparameters`: a script's settings without an argument parser."""

import json
import sys

import pytest
from sweeps import run_command, sweep_folder, write_config

from ml_tracking_ops.logger import ExperimentLogger, hyperparameters, read_log
from ml_tracking_ops.logger.paths import HYPERPARAMETERS_VARIABLE

SCRIPT = """
from ml_tracking_ops.logger import ExperimentLogger, hyperparameters
hp = hyperparameters(learning_rate=1e-3, depth=6, optimizer="sgd", layers=(64, 64), amp=False)
with ExperimentLogger(config=hp) as writer:
    writer.add_scalar("learning_rate", hp.learning_rate, 0)
    writer.add_scalar("depth", hp["depth"], 0)
"""


@pytest.fixture
def in_sweep(monkeypatch):
    return lambda **values: monkeypatch.setenv(HYPERPARAMETERS_VARIABLE, json.dumps(values))


@pytest.fixture(autouse=True)
def by_hand(monkeypatch):
    monkeypatch.delenv(HYPERPARAMETERS_VARIABLE, raising=False)
    monkeypatch.setattr(sys, "argv", ["train.py"])


def test_defaults_apply_by_hand_as_attributes_and_items():
    hp = hyperparameters(learning_rate=1e-3, depth=6)
    assert (hp.learning_rate, hp["depth"]) == (1e-3, 6)
    assert dict(hp) == {"learning_rate": 1e-3, "depth": 6}
    with pytest.raises(AttributeError, match="does not name width"):
        _ = hp.width


def test_sweep_gives_the_values_in_the_types_of_the_defaults(in_sweep):
    in_sweep(learning_rate=1, depth=4.0, layers=[32, 16])
    hp = hyperparameters(learning_rate=1e-3, depth=6, layers=(64, 64), optimizer="sgd", seed=None)
    assert hp == {
        "learning_rate": 1.0,
        "depth": 4,
        "layers": (32, 16),
        "optimizer": "sgd",
        "seed": None,
    }
    assert type(hp.learning_rate) is float
    assert type(hp.depth) is int


def test_unknown_name_is_an_error_that_names_both_sides(in_sweep):
    in_sweep(lr=0.1, depth=3)
    with pytest.raises(ValueError, match=r"does not name lr .* It names learning_rate, depth"):
        hyperparameters(learning_rate=1e-3, depth=6)


@pytest.mark.parametrize("value", [2.5, "six", True, [6]])
def test_value_of_another_type_is_an_error(in_sweep, value):
    in_sweep(depth=value)
    with pytest.raises(ValueError, match=r"depth is .* default 6 is of type int"):
        hyperparameters(depth=6)


def test_arguments_replace_defaults_by_hand(monkeypatch):
    given = ["train.py", "--depth=8", "--amp=True", "--name=7", "--layers=[1]", "--other=1", "x=2"]
    monkeypatch.setattr(sys, "argv", given)
    hp = hyperparameters(depth=6, amp=False, name="a", layers=(2,), rate=0.5)
    assert hp == {"depth": 8, "amp": True, "name": "7", "layers": (1,), "rate": 0.5}


def test_script_without_a_parser_gets_the_values_of_a_sweep(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    hyper = {
        "learning_rate": {"type": "uniform", "min": 0.25, "max": 0.5},
        "depth": {"type": "choice", "candidates": [4]},
    }
    changes = {"main_script_name": "train.py", "optimization_metric": "learning_rate"}
    write_config(tmp_path, "short.py", max_runs=1, hyperparameters=hyper, **changes)
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    [dat] = sweep_folder(tmp_path / "runs").glob("*_0001.dat")
    found = read_log(dat)
    assert 0.25 <= found["learning_rate"].value[0] <= 0.5
    assert list(found["depth"].value) == [4.0]


def test_settings_are_a_configuration(tmp_path):
    with ExperimentLogger(tmp_path, config=hyperparameters(depth=6)) as writer:
        assert writer.path
    [record] = tmp_path.rglob("*.run.json")
    assert json.loads(record.read_text())["config"] == {"depth": 6}
