"""Whether lower or higher values of a metric are better: who decides, and what names suggest."""

import pytest

from ml_tracking_ops.web.series.goals import Goals, goal_by_name, goals_of_record


@pytest.mark.parametrize(
    "name",
    [
        "Loss",
        "val/loss",
        "train_loss",
        "valLoss",
        "trainloss",
        "RMSE",
        "Top-5 Error",
        "error",
        "perplexity",
        "val.ppl",
        "ece",
        "grad_norm",
        "train/gradient_norm",
        "logloss",
        "eval_wer",
    ],
)
def test_lower_is_better_where_the_name_says_so(name: str) -> None:
    assert goal_by_name(name) == "min"


@pytest.mark.parametrize(
    "name", ["Accuracy", "val_acc", "F1", "val/auc", "AUROC", "mAP@0.5", "R2", "mIoU", "Acc@1"]
)
def test_higher_is_better_where_the_name_says_so(name: str) -> None:
    assert goal_by_name(name) == "max"


@pytest.mark.parametrize(
    "name",
    ["lr", "reward", "epoch", "norm", "terror", "gloss", "time", "loss_vs_accuracy", "", "Ω"],
)
def test_ambiguous_name_has_no_goal(name: str) -> None:
    assert goal_by_name(name) is None


def test_sweep_decides_before_the_user_the_script_and_the_name() -> None:
    every = Goals(own={"loss": "max"}, chosen={"loss": "min", "a": "min"}, logged={"a": "max"})
    assert (every.of("loss"), every.is_fixed("loss")) == ("max", True)
    assert (every.of("a"), every.is_fixed("a")) == ("min", False)
    assert Goals(logged={"loss": "max"}).of("loss") == "max"
    assert (Goals().of("loss"), Goals().of("a")) == ("min", None)


def test_record_of_a_run_has_only_its_goals() -> None:
    record = {"higher_is_better": {"a": True, "b": False, "c": "yes"}}
    assert goals_of_record(record) == {"a": "max", "b": "min"}
    assert goals_of_record({"higher_is_better": [1]}) == goals_of_record({}) == {}
