"""What the macros of a command become: W&B's as its agent makes them, and forms of our own."""

import json
from pathlib import Path
from typing import Any

import pytest
from wandb_reference import Reference

from ml_tracking_ops.orchestrator.commands.arguments import RunMacros
from ml_tracking_ops.orchestrator.commands.macros import LIST_MACROS, command_problem

VALUES = {
    "lr": 1e-5,
    "steps": 3_000_000.0,
    "amp": True,
    "ema": False,
    "seed": None,
    "name": "a b'c",
    "layers": [64, "x", True],
    "empty": [],
    "optim": {"lr": 0.1, "nesterov": False, "name": "sgd"},
}


def run_with(values: dict[str, Any], **changes: Any) -> RunMacros:
    given: dict[str, Any] = {
        "interpreter": "python",
        "script": Path("train.py"),
        "folder": Path("SWEEP"),
        "logdir": Path("SWEEP"),
        "run_dir": Path("SWEEP", "RUN.files"),
        "name": "RUN",
        "combination": values,
        "environment": {},
        **changes,
    }
    return RunMacros(**given)


@pytest.mark.parametrize("macro", LIST_MACROS)
def test_arguments_are_those_of_wandbs_agent(reference: Reference, macro: str) -> None:
    command = ["${env}", "${interpreter}", "${program}", "--fixed", f"${{{macro}}}"]
    expected = reference.ask("agent_command", command, "train.py", VALUES)
    assert list(run_with(VALUES, style="python").arguments(command)) == expected


def test_json_text_is_that_of_wandbs_agent(reference: Reference) -> None:
    command = ["${program}", "${args_json}"]
    *_, expected = reference.ask("agent_command", command, "train.py", VALUES)
    *_, found = run_with(VALUES, style="python").arguments(command)
    assert json.loads(found) == json.loads(expected)


def test_hydra_interpolations_are_passed_unchanged() -> None:
    element = "hydra.run.dir=out/${now:%Y-%m-%d}/${oc.env:USER,x}/${hydra:job.name}/${run_name}"
    assert command_problem(["train", element]) is None
    passed = run_with(VALUES).arguments(["train", element])[1]
    assert passed == element.replace("${run_name}", "RUN")
    assert "unknown macro ${env:USER}" in str(command_problem(["${env:USER}"]))


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("args:separate", ["--lr", "0.1", "--amp", "True", "--layers", "[64, 64]"]),
        ("args:pairs", ["--lr=0.1", "--amp", "--layers=[64, 64]"]),
        ("args:lists", ["--lr=0.1", "--amp=True", "--layers", "64", "64"]),
        ("args:pairs,lists,separate", ["--lr", "0.1", "--amp", "--layers", "64", "64"]),
        ("args_no_equals", ["--lr", "0.1", "--amp", "True", "--layers", "[64, 64]"]),
        ("args_append_hydra", ["+lr=0.1", "+amp=true", "+layers=[64, 64]"]),
        ("args_override_hydra", ["++lr=0.1", "++amp=true", "++layers=[64, 64]"]),
    ],
)
def test_form_of_the_arguments_can_be_chosen(macro: str, expected: list[str]) -> None:
    run = run_with({"lr": 0.1, "amp": True, "layers": [64, 64]})
    assert command_problem(["train", f"${{{macro}}}"]) is None
    assert list(run.arguments(["train", f"${{{macro}}}"])) == ["train", *expected]


def test_false_in_a_pair_is_the_negated_flag() -> None:
    assert run_with({"amp": False}).arguments(["${args:pairs}"]) == ("--no-amp",)


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ("${args:pair}", "after args: some of pairs, lists, separate, joined by commas"),
        ("${args:}", "after args: some of pairs, lists, separate"),
        ("x${args:lists}", "make it an element of its own"),
        ("${args_no_equal}", "did you mean ${args_no_equals}?"),
    ],
)
def test_form_that_does_not_exist_is_explained(element: str, message: str) -> None:
    assert message in (command_problem(["train", element]) or "")


def test_hyperparameters_of_an_object_are_passed_together() -> None:
    values = {"lr": 1, "optim.lr": 0.1, "optim.ema.decay": 0.9, "a.b": 2, "optim.x.y": 3}
    run = run_with(values, objects=["optim", "optim.ema"])
    optim = {"lr": 0.1, "ema": {"decay": 0.9}, "x.y": 3}
    assert run.passed == {"lr": 1, "optim": optim, "a.b": 2}
    assert run.arguments(["${param:optim.lr}", "${param:a.b}"]) == ("0.1", "2")
    assert json.loads(run.arguments(["${param:optim}"])[0]) == optim
    assert json.loads(run.arguments(["${args_json}"])[0]) == run.passed
