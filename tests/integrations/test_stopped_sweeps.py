"""A rule stops each training: it ends in order, and the run is one that was stopped early."""

import pytest


@pytest.mark.parametrize(
    ("script", "metric"),
    [
        ("keras_fit.py", "loss"),
        ("xgboost_train.py", "valid/rmse"),
        ("lightgbm_train.py", "valid/l1"),
        ("lightning_fit.py", "loss"),
        ("transformers_train.py", "train/loss"),
        ("sb3_learn.py", "train/value_loss"),
    ],
)
def test_training_ends_cleanly(sweep, script, metric):
    [run] = sweep(script, metric)
    assert run["state"] == "early_stopped", run
    assert "asked to stop: the training ends after this step" in run["output"]
    assert "saved after the training" in run["output"]
