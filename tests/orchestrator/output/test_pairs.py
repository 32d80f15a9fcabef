"""Pairs of a name and a value in a line."""

import math

import pytest

from ml_tracking_ops.orchestrator.output.parser import LineParser, PrintedPoint


def points(pattern: str, line: str) -> dict[str, float]:
    return {name: value for name, value, _ in LineParser(pattern).parse(line)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Acc@1: 70.1 Acc@5: 90.2", {"Acc@1": 70.1, "Acc@5": 90.2}),
        ("{'NDCG@10': 0.31, 'recall@20': 0.55}", {"NDCG@10": 0.31, "recall@20": 0.55}),
        ("mAP@0.5: 0.61", {"mAP@0.5": 0.61}),
        ("mAP@0.5:0.95: 0.4", {"mAP@0.5:0.95": 0.4}),
        ("F1(macro): 0.8", {"F1(macro)": 0.8}),
        ("Accuracy (%): 91.2", {"Accuracy (%)": 91.2}),
        ("loss (val set): 0.5", {"loss (val set)": 0.5}),
        ("acc[val]: 0.5", {"acc[val]": 0.5}),
        ("valid's l1: 0.5\tvalid's l2: 0.3", {"valid's l1": 0.5, "valid's l2": 0.3}),
        ("Epoch 3, Test loss: 0.5 - Val F1: 0.2", {"Test loss": 0.5, "Val F1": 0.2}),
        ("Train Loss: 0.4 | Val. Loss: 0.5", {"Train Loss": 0.4, "Val. Loss": 0.5}),
        ("Val. Acc: 78.3 %", {"Val. Acc": 78.3}),
        ("Saved model. Loss: 0.5", {"Loss": 0.5}),
        ("avg. loss: 0.5", {"avg. loss": 0.5}),
        ('{"eval loss": 0.5}', {"eval loss": 0.5}),
        ("[INFO] train loss: 0.5", {"train loss": 0.5}),
        ("INFO:root:loss: 0.5", {"loss": 0.5}),
        ("2024-01-01 10:00:00,123 - INFO - loss: 0.5", {"loss": 0.5}),
        ("Epoch [3/10] loss: 0.5", {"loss": 0.5}),
        ("epoch_3 loss: 0.5", {"loss": 0.5}),
        ("Loss: 2.3 (avg: 2.5)", {"Loss": 2.3, "avg": 2.5}),
        ("MeanSquaredError: 3", {"MeanSquaredError": 3.0}),
        ("error: 0.25", {"error": 0.25}),
        ("Größe: 3", {"Größe": 3.0}),
        (
            "Average loss: 0.026, Accuracy: 9890/10000 (99%)",
            {"Average loss": 0.026, "Accuracy": 0.989},
        ),
        ("Val Acc@1: 1 / 4 | test_acc: 0/8", {"Val Acc@1": 0.25, "test_acc": 0.0}),
        (
            "Train Acc: 85.12% | Val Acc: 80% | F1: 7% - x",
            {"Train Acc": 85.12, "Val Acc": 80, "F1": 7},
        ),
        ("Accuracy: 98.90% (9890/10000)", {"Accuracy": 98.9}),
        ("Test accuracy: 98% (49/50), F1: 81.5% (best 82.1%)", {"Test accuracy": 98, "F1": 81.5}),
        ("correct: 9890/10000, Epoch: 3/10, steps: 7/9", {"correct": 9890, "Epoch": 3, "steps": 7}),
        ("Accuracy: 98.9/0, recall: 12/10", {"Accuracy": 98.9, "recall": 12.0}),
    ],
)
def test_names_are_kept_whole(line: str, expected: dict[str, float]) -> None:
    assert points("name: value", line) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12,345", 12345.0),
        ("1,234.5", 1234.5),
        ("-1,234,567", -1234567.0),
        ("0,531", None),
        ("12,34", None),
        ("12,3456", None),
        ("100,200,300,45", None),
        ("tensor(0.53, device='cuda:0')", 0.53),
        ("tensor(0.53, device='cuda:0', grad_fn=<MeanBackward0>)", 0.53),
        ("tensor([0.53, 0.2])", None),
        ("np.float64(0.5)", 0.5),
        ("Array(0.5, dtype=float32)", 0.5),
        ("<tf.Tensor: shape=(), dtype=float32, numpy=0.5>", 0.5),
        ("[15.]", 15.0),
        ("[[15]]", 15.0),
        ("[15., 16.]", None),
        ("[3][10/500]", None),
        ("'5e-05'", 5e-05),
        ("5e-05.", 5e-05),
        ("80%", 80.0),
        ("3/10", 3.0),
        ("0.5 ± 0.1", 0.5),
        ("10MB", None),
        ("1.2.3", None),
        ("10:30:05", None),
        ("2024-01-01", None),
        ("10/12/2024", None),
        ("3-5", None),
        ("45%|███   | 3/10 [00:01<00:02]", None),
        ("45% [====>   ]", None),
    ],
)
@pytest.mark.parametrize("separator", [":", ": ", "=", " = "])
def test_values_are_taken_whole_or_not_at_all(
    separator: str, text: str, expected: float | None
) -> None:
    pattern = "name: value" if ":" in separator else "name=value"
    found = points(pattern, f"x{separator}{text}, loss{separator}1")
    assert found.get("x") == expected
    assert expected is None or found["loss"] == 1.0


def test_numbers_that_are_not_finite_are_values() -> None:
    found = points("name: value", "a: nan b: -inf c: Infinity")
    assert math.isnan(found.pop("a"))
    assert found == {"b": -math.inf, "c": math.inf}


@pytest.mark.parametrize(
    "line",
    [
        "/a/b/train.py:45: UserWarning: lr: 5",
        "train.py:45 in main",
        "Makefile:45: recipe for target failed",
        "WARNING: 3 of 10 files are missing",
        "2024-01-01 WARNING loss: 0.5 is suspicious",
        "Warning: lr: 0.1 is too high",
        "  warnings.warn('lr: 0.1')",
        "ValueError: 3 is no class",
        "Downloading: 45%",
        "Evaluated: 45% (9/20)",
        "Epoch: 45% |#####      | ETA",
        "Training progress: 45%",
        "Training:  45%|███       | 3/10 [00:01<00:02,  1.2it/s]",
        "device: cuda:0",
        "listening on localhost:5000 and node1.cluster:29500",
        "http://127.0.0.1:8080/x",
    ],
)
def test_lines_without_metrics_give_none(line: str) -> None:
    assert points("name: value", line) == {}


def test_postfix_of_a_progress_bar_is_read() -> None:
    line = "Epoch 1:  45%|███  | 3/10 [00:01<00:02, 1.2it/s, loss=0.5, Acc@1=70.5]"
    assert points("name=value", line) == {"loss": 0.5, "Acc@1": 70.5}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("name: value", "loss: 0.5 acc: 0.1 loss: 0.6"),
        ("name=value", "loss=0.5 acc=0.1 loss=0.6 loss=0.7"),
        ("json", '{"loss": 0.5, "acc": 0.1, "loss": 0.6}'),
        (r"(?P<name>\w+) (?P<value>[\d.]+)", "loss 0.5 acc 0.1 loss 0.6"),
    ],
)
def test_duplicate_name_in_a_line_is_skipped_and_reported(pattern: str, line: str) -> None:
    parser = LineParser(pattern)
    assert parser.parse(line) == [("acc", 0.1, None)]
    assert parser.parse("none") == []
    ((kind, text),) = parser.notes
    assert kind == "twice loss"
    assert "'loss' occurs twice in a line. It is not read there" in text
    assert line in text


def test_line_of_two_steps_is_refused() -> None:
    parser = LineParser("name: value")
    assert parser.parse("step: 3 loss: 0.5 step: 4") == []
    assert [kind for kind, _ in parser.notes] == ["twice step"]


def test_json_takes_the_first_object_and_arrays_of_one() -> None:
    expected: list[PrintedPoint] = [("a/b", 3.0, 7), ("c", 12345.0, 7)]
    line = 'x {no} {"a": {"b": [3]}, "c": 12345, "d": [1, 2], "step": 7}'
    assert LineParser("json").parse(line) == expected
