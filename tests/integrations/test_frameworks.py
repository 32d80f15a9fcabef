"""Each integration by hand: every value as the framework itself reports it, step by step."""

import pytest


def close(values):
    return pytest.approx(values, rel=1e-6)


def test_keras(train):
    logged, reported = train("keras_fit.py")
    for name in ("loss", "mae"):
        assert logged[name] == ([0, 1, 2, 3], close(reported[name]))
    assert logged["batch/loss"][0] == list(range(16))


def test_xgboost(train):
    logged, reported = train("xgboost_train.py")
    for data in ("train", "valid"):
        assert logged[f"{data}/rmse"] == ([0, 1, 2, 3], close(reported[data]["rmse"]))


def test_lightgbm(train):
    logged, reported = train("lightgbm_train.py")
    assert logged["valid/l1"] == ([0, 1, 2, 3], close(reported["valid"]["l1"]))


def test_lightning(train, tmp_path):
    logged, reported = train("lightning_fit.py")
    steps, values = zip(*reported["loss"], strict=True)
    assert logged["loss"] == (list(steps), close(list(values)))
    assert len(logged["val_loss"][0]) == 3  # two epochs, and validate() after the end
    assert ".files/checkpoints/" in reported["checkpoints"]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["runs"]


def test_transformers(train):
    logged, reported = train("transformers_train.py")
    losses = [(one["step"], one["loss"]) for one in reported if "loss" in one]
    steps, values = zip(*losses, strict=True)
    assert logged["train/loss"] == (list(steps), close(list(values)))
    [evaluated] = [one["eval_loss"] for one in reported if "eval_loss" in one]
    assert logged["eval/loss"] == ([steps[-1]], close([evaluated]))


def test_stable_baselines3(train):
    logged, reported = train("sb3_learn.py")
    assert reported
    for name in ("train/value_loss", "rollout/ep_rew_mean", "time/total_timesteps"):
        expected = [(step, values[name]) for step, values in reported if name in values]
        steps, values = zip(*expected, strict=True)
        assert logged[name] == (list(steps), close(list(values)))
