"""W&B sweep files, in the shapes in which public projects have them."""

from pathlib import Path
from typing import Any

import pytest
from sweeps import run_command, state_of, sweep_folder
from wandb_files import USUAL, load, problems, with_changes

from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.running.runs.starting.command import command_line
from ml_tracking_ops.orchestrator.stopping.settings import WandbHyperbandRule


def test_usual_file_is_taken_over(tmp_path: Path) -> None:
    loaded = load(tmp_path, USUAL)
    assert loaded.folder == tmp_path
    assert loaded.source == {
        "early_stopping": False,
        "values_as": "python",
        "wandb_config": True,
        "sampler": "random",
        "optimization_metric": "val/loss",
        "optimization_goal": "min",
        "hyperparameters": {
            "lr": {"type": "loguniform", "min": 1e-5, "max": 0.1},
            "batch_size": {"type": "qloguniform", "min": 16, "max": 256, "step": 8},
            "architecture": {"type": "constant", "value": "rnn"},
            "augment": {"type": "choice", "candidates": [True, False]},
        },
        "max_runs": 12,
        "command": ["${interpreter}", "${program}", "--balanced", "${args}"],
        "main_script_name": "train.py",
    }
    assert loaded.notes == ("name, project: no meaning here, ignored",)
    (interpreter, script, *arguments) = command_line(
        loaded, tmp_path, "run", {"lr": 0.001, "batch_size": 64, "augment": True}
    )
    assert interpreter.endswith("python") or "python" in interpreter
    assert script == str(tmp_path / "train.py")
    assert arguments == ["--balanced", "--lr=0.001", "--batch_size=64", "--augment=True"]


def test_sweep_of_a_wandb_file_runs(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom ml_tracking_ops.logger import ExperimentLogger\n"
        "values = dict(a[2:].split('=') for a in sys.argv[1:])\n"
        "with ExperimentLogger() as writer: writer.add_scalar('loss', int(values['width']), 0)\n"
    )
    (tmp_path / "train.py").write_text(script)
    (tmp_path / "sweep.yaml").write_text(
        "program: train.py\nmethod: grid\nmetric: {name: loss}\n"
        "parameters:\n  width: {values: [3, 1, 2]}\n  depth: {value: 4}\n"
    )
    done = run_command("sweep", "sweep.yaml", "--workers", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert [run.hyperparameters for run in record.runs.values()] == [
        {"width": 3, "depth": 4},
        {"width": 1, "depth": 4},
        {"width": 2, "depth": 4},
    ]
    assert "best run" in done.stdout
    assert "loss=1" in done.stdout


def test_differences_from_wandb_are_noted(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    (tmp_path / "sweep.yaml").write_text(
        with_changes(
            method="bayes",
            metric={"name": "loss"},
            run_cap=None,
            early_terminate={"type": "hyperband", "min_iter": 3},
        )
    )
    done = run_command("sweep", "sweep.yaml", "--dry-run", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "note: method bayes: the sampler tpe replaces" in done.stderr
    assert "note: run_cap is missing" in done.stderr
    assert len(done.stdout.splitlines()) == 2  # x is 0 or 1: whole bounds are int_uniform


def test_every_key_that_is_not_supported_is_named(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        with_changes(
            method="bayesian",
            controller={"type": "remote"},
            commands=["x"],
            parameters={"a": {"distribution": "gamma"}, "2b": {"value": 1}, "c": {"parameters": 1}},
            metric={"name": "loss", "goal": "smallest", "inputs": "worst"},
            early_terminate={"type": "envelope"},
            command="python train.py",
            job="x",
            scheduler={"engine": "optuna"},
            description=None,
            entity=3,
        ),
    )
    assert found["method"] == (
        'must be one of grid, random, bayes, got "bayesian", did you mean bayes?'
    )
    assert found["controller.type"] == 'must be local or cloud, got "remote"'
    assert found["commands"] == "is not a key of a W&B sweep file, did you mean command?"
    assert "is not a distribution" in found["parameters.a.distribution"]
    assert "names of letters, digits" in found["parameters.2b"]
    assert found["parameters.c.parameters"] == "must be an object of parameters"
    assert found["metric.goal"].startswith('must be minimize or maximize, got "smallest"')
    assert found["metric.inputs"] == "is not a key of W&B's metric, did you mean impute?"
    assert found["early_terminate.type"] == 'must be hyperband, got "envelope"'
    assert "must be a list of strings" in found["command"]
    assert "starts a W&B Launch job" in found["job"]
    assert "only engine wandb has a counterpart" in found["scheduler"]
    assert found["entity"] == "must be a string, got 3"


def test_mistakes_are_reported_under_the_keys_of_the_file(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        with_changes(
            run_cap=0,
            method="bayes",
            parameters={"lr": {"distribution": "log_uniform_values", "min": 0, "max": 1}},
        ),
    )
    assert found.keys() == {"run_cap", "metric", "parameters.lr.min"}
    assert found["parameters.lr.min"] == "must be above 0, got 0"
    nowhere = problems(tmp_path, with_changes(program="nowhere.py"))
    assert nowhere["program"].startswith('there is no file "nowhere.py"')
    nested = {"a": {"parameters": {"b": {"values": ["\0"]}}}}
    found = problems(tmp_path, with_changes(parameters=nested))
    assert found.keys() == {"parameters.a.parameters.b.values.0"}


@pytest.mark.parametrize(
    ("given", "brackets", "is_strict"),
    [
        ({"min_iter": 3}, [3, 9, 27], True),
        ({"min_iter": 3, "s": 0}, [3, 9, 27], True),
        ({"min_iter": 3, "eta": 1.5, "strict": False}, [3, 4, 6], False),
        ({"max_iter": 27, "s": 2, "eta": 3}, [3, 9], True),
        ({"max_iter": 27, "s": 2, "min_iter": 1}, [3, 9], True),
        ({"max_iter": 27, "min_iter": 2, "eta": 2}, [2, 4, 8], True),
    ],
)
def test_hyperband_has_wandbs_brackets(
    tmp_path: Path, given: dict[str, Any], brackets: list[int], is_strict: bool
) -> None:
    early = {"type": "hyperband", **given}
    loaded = load(tmp_path, with_changes(metric={"name": "loss"}, early_terminate=early))
    (rule,) = loaded.config.stopping_rules
    assert isinstance(rule, WandbHyperbandRule)
    assert rule.brackets[: len(brackets)] == brackets
    assert rule.strict is is_strict
    ignored = "early_terminate.max_iter: ignored without s" in str(loaded.notes)
    assert ignored == ("max_iter" in given and "s" not in given)


@pytest.mark.parametrize(
    ("given", "key", "message"),
    [
        ("hyperband", "early_terminate", "such as {type: hyperband, min_iter: 3}, got the text"),
        ({"type": "hyperband"}, "early_terminate", "needs min_iter, or max_iter and s"),
        ({"type": "hyperband", "max_iter": 9}, "early_terminate.max_iter", "needs s"),
        ({"type": "hyperband", "min_iter": 1, "eta": 1}, "early_terminate.eta", "above 1, got 1"),
        ({"type": "hyperband", "min_iter": 1.5}, "early_terminate.min_iter", "a whole number"),
        ({"type": "hyperband", "max_iter": 2, "s": 3}, "early_terminate.max_iter", "no bracket"),
        ({"type": "hyperband", "min_itr": 2}, "early_terminate.min_itr", "mean min_iter?"),
        ({"min_iter": 2}, "early_terminate.type", "must be hyperband, got null"),
    ],
)
def test_mistake_in_early_terminate_is_explained(
    tmp_path: Path, given: Any, key: str, message: str
) -> None:
    found = problems(tmp_path, with_changes(metric={"name": "loss"}, early_terminate=given))
    assert message in found[key]


def test_cap_may_be_a_whole_float(tmp_path: Path) -> None:
    assert load(tmp_path, with_changes(run_cap=2.0)).config.max_runs == 2
    assert "got 2.5" in problems(tmp_path, with_changes(run_cap=2.5))["run_cap"]


def test_grid_without_a_cap_is_run_in_full(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        with_changes(
            method="grid",
            run_cap=None,
            parameters={
                "a": {"values": [1, 2, 3]},
                "b": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.5},
            },
        ),
    )
    assert loaded.config.max_runs == 6  # W&B's grid leaves out the upper bound of b


def test_numbers_in_scientific_notation_are_numbers_unless_quoted(tmp_path: Path) -> None:
    text = """
        program: train.py
        method: grid
        run_cap: 1e2
        parameters:
          lr: {values: [1e-4, "1e-4", 3E6, -1.5e+3, .5e1, 12e, 1e4x]}
          nested: {value: {a: [1e3]}}
        command: [python, "${program}", --x, 1e-4, 2, true]
    """
    loaded = load(tmp_path, text)
    values = loaded.source["hyperparameters"]
    assert values == {
        "lr": {"type": "choice", "candidates": [1e-4, "1e-4", 3000000, -1500, 5, "12e", "1e4x"]},
        "nested": {"type": "constant", "value": {"a": [1000]}},
    }
    assert loaded.config.max_runs == 100
    assert loaded.config.command == ("python", "${program}", "--x", "1e-4", "2", "True")


def test_small_mistakes_in_yaml_are_reported_by_key_and_line(tmp_path: Path) -> None:
    text = """\
        program: train.py
        method: grid
        parameters:
          lr: {values: [1, 2]}
          lr: {values: [5]}
          day: {values: [2024-01-01]}
          on: {value: 1}
          set: {values: !!set {a}}
          loop: &loop {value: *loop}
    """
    assert problems(tmp_path, text) == {
        "parameters.lr": "duplicate key, on lines 4 and 5. Keep one",
        "parameters.day.values.0": 'is a date. Put it in quotes: "2024-01-01"',
        "parameters.on": 'YAML reads this key as true or false. Write "on"',
        "parameters.set.values": "is a set. Write a list",
        "parameters.loop.value": "contains itself",
    }


def test_anchors_and_merged_keys_of_yaml_are_read(tmp_path: Path) -> None:
    text = """
        program: train.py
        method: grid
        parameters:
          a: &range {values: [1, 2]}
          b: *range
          c: {<<: *range, values: [3]}
    """
    assert load(tmp_path, text).source["hyperparameters"] == {
        "a": {"type": "choice", "candidates": [1, 2]},
        "b": {"type": "choice", "candidates": [1, 2]},
        "c": {"type": "choice", "candidates": [3]},
    }


def test_our_keys_in_yaml_are_read(tmp_path: Path) -> None:
    text = """
        main_script_name: train.py   # comments are fine here
        hyperparameters: {lr: {type: loguniform, min: 1e-5, max: 1e-1}}
        max_runs: 3
        early_stopping: false
    """
    loaded = load(tmp_path, text)
    assert loaded.config.max_runs == 3
    assert loaded.source["hyperparameters"] == {
        "lr": {"type": "loguniform", "min": 1e-5, "max": 0.1}
    }
    assert loaded.notes == ()


def test_wandb_sweep_may_be_json(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    (tmp_path / "sweep.json").write_text(with_changes())
    loaded = load_config(tmp_path / "sweep.json")
    assert loaded.source["hyperparameters"] == {"x": {"type": "int", "min": 0, "max": 1}}


def test_our_keys_among_wandbs_are_answered(tmp_path: Path) -> None:
    found = problems(tmp_path, with_changes(max_runs=3, retries=2))
    assert found["max_runs"].endswith("A W&B sweep file has run_cap for it")
    assert found["retries"].endswith('there it is "retries": 2')


def test_random_search_that_would_repeat_itself_is_reported(tmp_path: Path) -> None:
    loaded = load(tmp_path, with_changes(parameters={"x": {"values": [1, 2]}}))
    assert "there are 2 combinations, and each is run once here" in str(loaded.notes)


def test_exponents_of_log_uniform_are_noted(tmp_path: Path) -> None:
    kinds = {
        "a": {"distribution": "log_uniform", "min": 1e-4, "max": 0.1},
        "b": {"distribution": "inv_log_uniform", "min": 0, "max": 1},
    }
    notes = str(load(tmp_path, with_changes(parameters=kinds)).notes)
    assert "parameters.a: min and max of log_uniform are exponents of e" in notes
    assert "between 1 (e^0.0001) and 1.105 (e^0.1). log_uniform_values takes" in notes
    assert "between 0.3679 (e^-1) and 1 (e^-0)" in notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [", "not valid YAML"),
        ("- 1", "is neither a W&B sweep file nor"),
        ("a: 1", "is neither a W&B sweep file nor"),
        ("", "is empty"),
        ("method: grid\nparameters:\n\tlr: 1", "line 3, column 1: found character"),
        ("method: grid\nparameters:\n\tlr: 1", "Indent with spaces, not tabs"),
        ("method: grid: x", "line 1, column 13: mapping values are not allowed here"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_other_file_in_place_of_a_sweep_is_explained(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert expected in problems(tmp_path, text)[""]


def test_script_is_looked_for_here_and_then_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "sweep.yaml").write_text(with_changes())
    (tmp_path / "train.py").touch()
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("sweeps/sweep.yaml")).folder == tmp_path
    (tmp_path / "train.py").rename(tmp_path / "sweeps" / "train.py")
    assert load_config(Path("sweeps/sweep.yaml")).folder == tmp_path / "sweeps"
