"""Metrics read from what a script prints."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweeps import choice, run_command, start_command, wait_until, write_config

from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator import ConfigError, run_sweep
from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.output.parser import LineParser
from ml_tracking_ops.orchestrator.running.runs.monitor import RunMonitor
from ml_tracking_ops.orchestrator.running.runs.output_metrics import OutputMetrics
from ml_tracking_ops.orchestrator.stopping import StoppingRules
from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord
from ml_tracking_ops.orchestrator.supervision import output_limit

Points = list[tuple[str, float, int | None]]


def sweep_config(tmp_path: Path, text: str, pattern: str, **changes: Any) -> Path:
    lines = tmp_path / "lines"
    lines.write_text(text)
    return write_config(
        tmp_path,
        "prints.py",
        max_runs=1,
        metrics_from="stdout",
        metrics_pattern=pattern,
        hyperparameters={"x": choice(1)},
        **{"command": ["${interpreter}", "${program}", str(lines)], **changes},
    )


@pytest.mark.parametrize(
    ("pattern", "line", "expected"),
    [
        ("json", '{"loss": 0.5, "acc": 1, "step": 3}', [("loss", 0.5, 3), ("acc", 1.0, 3)]),
        ("json", 'INFO {"loss": 1e-3} done', [("loss", 0.001, None)]),
        ("json", '{"eval": {"loss": 2}, "ok": true, "who": "x"}', [("eval/loss", 2.0, None)]),
        ("json", '{"loss": NaN}', [("loss", math.nan, None)]),
        ("json", '{"loss": ', []),
        ("json", "[1, 2]", []),
        ("name: value", "loss: 0.5", [("loss", 0.5, None)]),
        (
            "name: value",
            "epoch 3/10 - loss: 0.5 - val/acc: .8 step: 30",
            [("loss", 0.5, 30), ("val/acc", 0.8, 30)],
        ),
        ("name: value", "12:30:05 starting", []),
        (
            "name: value",
            "{'loss': 0.5, 'lr': '5e-05', 'step': 9}",
            [("loss", 0.5, 9), ("lr", 5e-05, 9)],
        ),
        (
            "name: value",
            "300/300 [====] - 5s 3ms/step - loss: 1.5 - val_loss: 1.2",
            [("loss", 1.5, None), ("val_loss", 1.2, None)],
        ),
        (
            "name: value",
            "[7]\ttrain-rmse:0.5\ttest-rmse:0.6",
            [("train-rmse", 0.5, None), ("test-rmse", 0.6, None)],
        ),
        ("name: value", "device: cuda:0, version: 1.2.3, size: 10MB", []),
        ("name: value", "loss: nan b: -inf", [("loss", math.nan, None), ("b", -math.inf, None)]),
        ("name=value", "loss=0.5, acc = 8e-1", [("loss", 0.5, None), ("acc", 0.8, None)]),
        ("name=value", "loss: 0.5", []),
        (
            r"loss (?P<loss>\S+) acc (?P<acc>\S+)",
            "loss 0.5 acc 80%",
            [("loss", 0.5, None), ("acc", 80.0, None)],
        ),
        (
            r"\[(?P<step>\d+)\] (?P<name>\w+) is (?P<value>\S+)",
            "[7] loss is 0.5",
            [("loss", 0.5, 7)],
        ),
    ],
)
def test_patterns_find_what_they_say(pattern: str, line: str, expected: Points) -> None:
    assert repr(LineParser(pattern).parse(line)) == repr(expected)


@given(st.text(), st.sampled_from(["json", "name: value", "name=value"]))
def test_no_line_is_too_odd(line: str, pattern: str) -> None:
    for name, value, step in LineParser(pattern).parse(line):
        assert name
        assert isinstance(value, float)
        assert step is None or isinstance(step, int)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8), st.data())
def test_however_the_output_comes_each_line_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("output")
    log, dat = folder / "run.log", folder / "run.dat"
    ends = data.draw(
        st.lists(
            st.sampled_from([b"\n", b"\r\n", b"\r"]), min_size=len(values), max_size=len(values)
        )
    )
    text = b"".join(b"loss=%r" % v + end for v, end in zip(values, ends, strict=True))
    output = OutputMetrics(log, dat, "name=value")
    position = 0
    while position < len(text):
        end = data.draw(st.integers(position + 1, len(text)))
        with log.open("ab") as file:
            file.write(text[position:end])
        output.read()
        position = end
    output.finish()
    found = read_log(dat).get("loss")
    assert ([] if found is None else found.value.tolist()) == values
    assert ([] if found is None else found.step.tolist()) == list(range(1, len(values) + 1))


def test_sweep_reads_metrics_from_a_script_that_logs_nothing(tmp_path: Path) -> None:
    text = "starting\n" + "".join(
        f"\x1b[32mepoch {n}\x1b[0m Accuracy: {n / 10} Loss: {1 / n}\n" for n in range(1, 6)
    )
    config = sweep_config(tmp_path, text, "name: value", optimization_goal="max")
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (run,) = result.runs
    assert (run.state, run.best_value, run.best_step) == ("finished", 0.5, 5)
    log = read_log(result.folder / f"{run.name}.dat")
    assert log["Loss"].step.tolist() == [1, 2, 3, 4, 5]
    assert log["Accuracy"].value.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_rule_stops_a_run_by_what_it_prints(tmp_path: Path) -> None:
    never = str(tmp_path / "never")
    lines = str(tmp_path / "lines")
    config = sweep_config(
        tmp_path,
        '{"Accuracy": 0.5}\n{"Accuracy": NaN}\n',
        "json",
        command=["${interpreter}", "${program}", lines, never],
    )
    (run,) = run_sweep(config, logdir=tmp_path / "runs", workers=1).runs
    assert (run.state, run.reason) == (
        "early_stopped",
        "stopped early at step 2: Accuracy was NaN",
    )


def test_pattern_that_matches_nothing_is_reported_with_the_lines_seen(tmp_path: Path) -> None:
    sweep_config(tmp_path, "loading\nloss\t-> 0.5\n", "name: value")
    answer = run_command("sweep", folder=tmp_path).stderr
    assert 'printed 2 lines, none of which matches the metrics_pattern "name: value"' in answer
    assert "The last lines seen:\n  | loading\n  | loss    -> 0.5\n" in answer
    assert answer.count("warning") == 2  # as the run ends, and in the summary


def test_script_that_only_prints_its_metric_gets_advice(tmp_path: Path) -> None:
    sweep_config(tmp_path, "Test set: Average loss: 2.3, Accuracy: 55/500\n", "name: value")
    path = tmp_path / "experiment_cfg.json"
    config = json.loads(path.read_text())
    del config["metrics_from"], config["metrics_pattern"]
    path.write_text(json.dumps({**config, "optimization_metric": "Average loss"}))
    answer = run_command("sweep", folder=tmp_path).stderr
    assert (
        "has logged nothing, so there is no 'Average loss' to optimise. The script prints it"
        in answer
    )
    assert '"metrics_from": "stdout", "metrics_pattern": "name: value"' in answer


def test_script_that_imports_for_long_is_not_blamed(tmp_path: Path) -> None:
    """Its first lines hold no metric, and nothing more is printed for a while."""
    log, dat = tmp_path / "run.log", tmp_path / "run.dat"
    log.write_text("loading\n")
    output = OutputMetrics(log, dat, "name: value")
    output.read()
    assert output.has_only_misses
    assert output.missing_s < 30.0
    config = load_config(sweep_config(tmp_path, "", "name: value")).config
    monitor = RunMonitor(dat, config, StoppingRules([]), 1)
    monitor.follow_output()
    monitor.read()
    assert monitor.silence(running_s=10.0) is None
    assert monitor.silence(running_s=math.inf) == "misses"


def test_missing_metric_is_reported_during_the_run_and_withdrawn(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    lines = tmp_path / "lines"
    sweep_config(
        tmp_path,
        "".join(f"accuracy: {n}\n" for n in range(9)),
        "name: value",
        command=["${interpreter}", "${program}", str(lines), str(flag)],
    )
    sweep = start_command("sweep", folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: "warning" in output.read_text(), "the warning")
    assert sweep.poll() is None
    (log,) = tmp_path.glob("runs/*/*_0001.log")
    with log.open("a") as file:
        file.write("Accuracy: 0.5\n")
    wait_until(lambda: "resolved:" in output.read_text(), "the warning to be taken back")
    flag.touch()
    assert sweep.wait(60) == 0
    answer = output.read_text()
    assert (
        "has not logged the optimization_metric 'Accuracy' so far. It logged 'accuracy'" in answer
    )
    assert "resolved: run " in answer
    (journal,) = tmp_path.glob("runs/*/journal.jsonl")
    state = SweepRecord(goal="max")
    for event in JournalTail(journal).read():
        state.apply(event)
    assert state.warnings == []


def test_later_orchestrator_reads_cut_output_from_its_end(tmp_path: Path) -> None:
    """It is unknown which values in the log were in the lost part."""
    kept = 4 << 10
    log, dat = tmp_path / "run.log", tmp_path / "run.dat"
    log.write_text("".join(f"loss={n}\n" for n in range(1, 6_001)))
    first = OutputMetrics(log, dat, "name=value", kept)
    while first.read():
        pass
    with log.open("rb+", buffering=0) as file:
        assert output_limit.cut_middle(file.fileno(), 0, 8 * kept, kept) > 0
    later = OutputMetrics(log, dat, "name=value", kept)
    with log.open("a") as file:
        file.write("loss=7001\nloss=7002\n")
    later.finish()
    found = read_log(dat)["loss"]
    assert found.value.tolist() == [*range(1, 6_001), 7001, 7002]
    assert found.step.tolist() == list(range(1, 6_003))
    assert [kind for kind, _ in later.notes][:1] == ["resumed"]


def test_names_and_thousands_separators_are_read(tmp_path: Path) -> None:
    """Words and numbers that vision and ranking code prints."""
    text = (
        "Acc@1: 70.1 Acc@5: 90.2\n{'NDCG@10': 0.31, 'recall@20': 0.55}\nmAP@0.5: 0.61\n"
        "F1(macro): 0.8\nreward: 12,345\nloss: 1,234.5\n"
    )
    config = sweep_config(tmp_path, text, "name: value", optimization_metric="Acc@1")
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (run,) = result.runs
    log = read_log(result.folder / f"{run.name}.dat")
    assert {name: series.value.tolist() for name, series in log.items()} == {
        "Acc@1": [70.1],
        "Acc@5": [90.2],
        "NDCG@10": [0.31],
        "recall@20": [0.55],
        "mAP@0.5": [0.61],
        "F1(macro)": [0.8],
        "reward": [12345.0],
        "loss": [1234.5],
    }
    assert run.best_value == 70.1


def test_duplicate_name_in_a_line_is_reported_by_the_sweep(tmp_path: Path) -> None:
    sweep_config(tmp_path, "Accuracy: 0.5 loss: 1 loss: 2\n", "name: value")
    done = run_command("sweep", folder=tmp_path)
    assert "'loss' occurs twice in a line. It is not read there" in done.stderr


def test_expression_that_never_ends_blocks_no_sweep(tmp_path: Path) -> None:
    text = "".join("a" * 300 + "c\n" for _ in range(2_000)) + "Accuracy: 1\n"
    sweep_config(tmp_path, text, r"(?P<Accuracy>(?:a|aa|aaa)+)b$")
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 0
    assert "No more metrics are read from this run's output" in done.stderr


def test_metric_under_another_name_is_reported_with_the_names_found(tmp_path: Path) -> None:
    sweep_config(tmp_path, "accuracy: 0.5\n", "name: value")
    done = run_command("sweep", folder=tmp_path)
    assert "It logged 'accuracy'. Did you mean 'accuracy'?" in done.stderr


@pytest.mark.parametrize(
    ("changes", "key", "answer"),
    [
        ({"metrics_pattern": "("}, "metrics_pattern", "is not a regular expression"),
        ({"metrics_pattern": "loss .*"}, "metrics_pattern", "must name what it finds"),
        ({"metrics_pattern": "(?P<name>.)"}, "metrics_pattern", "must name what it finds"),
        ({"metrics_pattern": "(?P<step>.)"}, "metrics_pattern", "must name what it finds"),
        ({"metrics_pattern": None}, "metrics_pattern", "is missing"),
        ({"metrics_from": "log"}, "metrics_from", 'must be "stdout"'),
        (
            {"metrics_from": "stderr"},
            "metrics_from",
            '"log" or "stdout" or "tensorboard", got "stderr"',
        ),
    ],
)
def test_wrong_pattern_is_explained(
    tmp_path: Path, changes: dict[str, Any], key: str, answer: str
) -> None:
    path = sweep_config(tmp_path, "", "json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ConfigError) as caught:
        run_sweep(path, logdir=tmp_path / "runs")
    (problem,) = caught.value.problems
    assert problem.key == key
    assert answer in problem.message
