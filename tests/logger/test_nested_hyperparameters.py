"""`hyperparameters` with groups: in a sweep and by hand."""

import json
import sys

import pytest

from ml_tracking_ops.logger import hyperparameters, paths

DEFAULTS = {"optimizer": {"name": "sgd", "lr": 0.5, "inner": {"depth": 1}}, "x": 1}


def test_values_of_a_sweep_are_merged_into_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"optimizer": {"lr": 1, "inner": {"depth": 2.0}}, "x": 3}
    monkeypatch.setenv(paths.HYPERPARAMETERS_VARIABLE, json.dumps(given))
    hp = hyperparameters(**DEFAULTS)
    assert hp.optimizer == {"name": "sgd", "lr": 1.0, "inner": {"depth": 2}}
    assert DEFAULTS["optimizer"]["lr"] == 0.5  # type: ignore[index]


def test_script_may_name_the_dotted_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"optimizer": {"lr": 0.25, "inner": {"depth": 4}}}
    monkeypatch.setenv(paths.HYPERPARAMETERS_VARIABLE, json.dumps(given))
    hp = hyperparameters(**{"optimizer.lr": 0.1, "optimizer.inner.depth": 1})
    assert hp == {"optimizer.lr": 0.25, "optimizer.inner.depth": 4}


@pytest.mark.parametrize(
    ("given", "message"),
    [({"optimizer": {"rate": 1}}, r"optimizer\.rate"), ({"other": {"lr": 1}}, r"other\.lr")],
)
def test_name_missing_in_a_group_is_reported(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, object], message: str
) -> None:
    monkeypatch.setenv(paths.HYPERPARAMETERS_VARIABLE, json.dumps(given))
    with pytest.raises(ValueError, match=message):
        hyperparameters(**DEFAULTS)


def test_command_line_uses_dotted_names_for_runs_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(paths.HYPERPARAMETERS_VARIABLE, raising=False)
    arguments = ["train.py", "--optimizer.lr=0.125", "--optimizer.inner.depth=3", "--x=5"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--other.x=1", "--optimizer.name.y=2"])
    hp = hyperparameters(**DEFAULTS)
    assert hp.optimizer == {"name": "sgd", "lr": 0.125, "inner": {"depth": 3}}
    assert hp.x == 5
