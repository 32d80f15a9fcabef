"""Whole sweeps with real training processes: what is searched, and when a search ends."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sweeps import choice, run_command, state_of, sweep_folder, write_config

from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.store.journal import JournalTail

ECHO = """
import sys
from ml_tracking_ops.logger import ExperimentLogger
values = dict(a.removeprefix("--").split("=", 1) for a in sys.argv[1:])
with ExperimentLogger(values["logdir"]) as writer:
    writer.add_scalar("Accuracy", float(values.get("x", 0)) + float(values.get("seed", 0)) / 100, 1)
sys.exit(3 if values.get("x") in ("0", "0.0") else 0)
"""


SPREAD = {"x": {"type": "uniform", "min": 0, "max": 1}}


def echo_config(folder: Path, **changes: Any) -> Path:
    """A sweep of a script whose metric is x plus a hundredth of its seed. It fails if x is 0."""
    path = write_config(folder, "short.py", **changes)
    (folder / "echo.py").write_text(ECHO)
    source = json.loads(path.read_text()) | {"main_script_name": "echo.py"}
    source["hyperparameters"].pop("draw", None)
    path.write_text(json.dumps(source))
    return path


def test_sweep_ends_when_every_combination_was_run_and_says_so(tmp_path: Path) -> None:
    echo_config(
        tmp_path, max_runs=100, hyperparameters={"x": choice(1, 2, 3), "y": choice("a", "b")}
    )
    done = run_command("sweep", "--workers", "3", folder=tmp_path)
    assert done.returncode == 0
    why = "every combination of the search space has been run: 6"
    assert f"sweep finished ({why}): 6 finished" in done.stderr
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert (record.state, record.reason) == ("finished", why)
    found = {json.dumps(run.hyperparameters) for run in record.runs.values()}
    assert len(found) == len(record.runs) == 6


def test_grid_runs_the_first_combinations_in_order(tmp_path: Path) -> None:
    config = echo_config(
        tmp_path,
        max_runs=4,
        sampler="grid",
        hyperparameters={"x": choice(1, 2), "y": choice("a", "b", "c")},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2)
    assert [tuple(run.hyperparameters.values()) for run in result.runs] == [
        (1, "a"),
        (1, "b"),
        (1, "c"),
        (2, "a"),
    ]
    assert result.record.reason is None


def test_sweep_begins_with_the_given_combinations_and_does_not_repeat_them(tmp_path: Path) -> None:
    config = echo_config(
        tmp_path,
        max_runs=9,
        first_runs=[{"x": 2, "y": "b"}, {"y": "a"}],
        hyperparameters={"x": choice(1, 2), "y": choice("a", "b")},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=2, seed=1)
    combinations = [tuple(run.hyperparameters.values()) for run in result.runs]
    assert combinations[0] == (2, "b")
    assert combinations[1][1] == "a"
    assert sorted(combinations) == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]


def test_repeats_have_their_own_seeds_and_those_of_a_hopeless_combination_are_not_started(
    tmp_path: Path,
) -> None:
    config = echo_config(
        tmp_path,
        max_runs=30,
        sampler="grid",
        repeats={"count": 3, "seed_name": "seed"},
        hyperparameters={"x": choice(0, 1, 2, 3)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=3)
    runs: dict[int, list[int]] = {}
    for run in result.runs:
        runs.setdefault(run.hyperparameters["x"], []).append(run.hyperparameters["seed"])
    assert {x: sorted(seeds) for x, seeds in runs.items()} == {
        0: [1],
        1: [1, 2, 3],
        2: [1, 2, 3],
        3: [1, 2, 3],
    }
    assert {run.combination: run.hyperparameters["x"] for run in result.runs} == {
        1: 0,
        2: 1,
        3: 2,
        4: 3,
    }
    assert "every combination" in (result.record.reason or "")

    done = run_command("show", result.folder, "--json", folder=tmp_path)
    report = json.loads(done.stdout)
    assert [(one["mean"], one["n_values"]) for one in report["combinations"]] == [
        (0.01, 1),
        (pytest.approx(1.02), 3),
        (pytest.approx(2.02), 3),
        (pytest.approx(3.02), 3),
    ]
    assert report["combinations"][3]["spread"] == pytest.approx(0.01)
    assert report["combinations"][3]["hyperparameters"] == {"x": 3}
    assert report["best_combination"] == 4
    table = run_command("show", result.folder, folder=tmp_path).stdout
    assert "MEAN Accuracy" in table
    assert re.search(r"3\.020 +0\.010", table)
    assert "best combination: 4  Accuracy=3.020 ± 0.010 in 3 runs" in table


def test_best_combination_is_printed_at_the_end(tmp_path: Path) -> None:
    echo_config(
        tmp_path,
        max_runs=6,
        sampler="grid",
        repeats={"count": 3, "seed_name": "seed"},
        hyperparameters={"x": choice(1, 2)},
    )
    done = run_command("sweep", "--workers", "2", folder=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0] == "best combination: Accuracy=2.020 ± 0.010 in 3 runs  x=2"
    assert lines[1].startswith("best single run: ")


def test_repeats_are_not_begun_beyond_the_last_run(tmp_path: Path) -> None:
    config = echo_config(
        tmp_path,
        max_runs=7,
        sampler="grid",
        repeats={"count": 3, "seed_name": "seed"},
        hyperparameters={"x": choice(1, 2, 3, 4)},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=4)
    counts = Counter(run.hyperparameters["x"] for run in result.runs)
    # which combination is left incomplete depends on which first run ends last
    assert set(counts) == {1, 2, 3}
    assert sorted(counts.values()) in ([1, 3, 3], [2, 2, 3])


def test_dry_run_shows_the_commands_until_the_space_is_exhausted(tmp_path: Path) -> None:
    echo_config(tmp_path, max_runs=50, sampler="sobol", hyperparameters={"x": choice(1, 2, 3)})
    done = run_command("sweep", "--dry-run", folder=tmp_path)
    assert done.returncode == 0
    assert sorted(line.split("--x=")[1] for line in done.stdout.splitlines()) == ["1", "2", "3"]
    assert "every combination of the search space has been run: 3" in done.stderr


def test_dry_run_shows_the_runs_of_a_sweep_with_the_same_options(tmp_path: Path) -> None:
    """It starts from the same earlier runs, and `auto` picks for as many workers."""
    space = {"x": {"type": "int", "min": 1, "max": 60}}
    first = run_sweep(
        echo_config(tmp_path, max_runs=4, hyperparameters=space),
        logdir=tmp_path / "runs",
        workers=2,
        seed=3,
    )
    earlier = [f"runs/{first.folder.name}"]
    echo_config(tmp_path, max_runs=16, sampler="auto", hyperparameters=space, warm_start=earlier)
    dry = run_command("sweep", "--dry-run", "--seed=3", "--workers=4", folder=tmp_path)
    assert "sampler: random, since 16 runs, 4 at once" in dry.stderr
    again = run_command("sweep", "--seed=3", "--workers=4", "--logdir=again", folder=tmp_path)
    assert again.returncode == 0
    started = state_of(sweep_folder(tmp_path / "again")).runs.values()
    shown = [int(line.split("--x=")[1]) for line in dry.stdout.splitlines()]
    assert shown == [run.hyperparameters["x"] for run in started]

    drawn = run_command("sweep", "--dry-run", "--workers=4", folder=tmp_path).stderr
    assert " --workers=4" in drawn.split("run exactly these: ")[1].splitlines()[0]


def test_dry_run_tells_of_the_runs_that_confirm_adds(tmp_path: Path) -> None:
    echo_config(tmp_path, max_runs=3, confirm={"top": 2, "seeds": 3}, hyperparameters=SPREAD)
    done = run_command("sweep", "--dry-run", folder=tmp_path)
    assert len(done.stdout.splitlines()) == 3
    assert "confirm runs the best 2 combinations again" in done.stderr
    assert "up to 6 more runs" in done.stderr


def test_check_refuses_a_sampler_that_the_sweep_could_not_load(tmp_path: Path) -> None:
    sampler = {"type": "optunahub", "package": "samplers/none", "registry": "nowhere"}
    echo_config(tmp_path, max_runs=3, sampler=sampler, hyperparameters=SPREAD)
    checked, started = (
        run_command("sweep", *options, folder=tmp_path) for options in (["--check"], [])
    )
    assert checked.returncode == started.returncode == 2
    assert "the sampler samplers/none of OptunaHub" in checked.stderr
    assert checked.stderr == started.stderr
    assert checked.stdout == ""


def test_sweep_starts_from_the_history_of_an_earlier_one(tmp_path: Path) -> None:
    space = {"x": choice(1, 2, 3), "y": choice("a", "b")}
    first = run_sweep(
        echo_config(tmp_path, max_runs=4, sampler="grid", hyperparameters=space),
        logdir=tmp_path / "runs",
        workers=2,
    )
    config = echo_config(
        tmp_path,
        max_runs=9,
        sampler="grid",
        hyperparameters={"x": choice(1, 2), "y": space["y"]},
        warm_start=[f"runs/{first.folder.name}"],
    )
    again = run_sweep(config, logdir=tmp_path / "again", workers=1)
    assert [tuple(run.hyperparameters.values()) for run in again.runs] == []
    config = echo_config(
        tmp_path,
        max_runs=9,
        sampler="tpe",
        hyperparameters={**space, "y": choice("a", "c")},
        warm_start=[f"runs/{first.folder.name}"],
    )
    third = run_sweep(config, logdir=tmp_path / "third", workers=1)
    found = sorted(tuple(run.hyperparameters.values()) for run in third.runs)
    assert found == [(1, "c"), (2, "c"), (3, "a"), (3, "c")]
    assert third.record.warnings == [
        f"warm_start: 2 runs of {first.folder.name} are left out: they do not fit into this "
        "search space"
    ]


def test_sweep_that_learns_runs_with_several_workers(tmp_path: Path) -> None:
    config = echo_config(
        tmp_path,
        max_runs=24,
        sampler="tpe",
        hyperparameters={"x": {"type": "int", "min": 0, "max": 11}, "y": choice("a", "b")},
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=3, seed=4)
    found = {json.dumps(run.hyperparameters) for run in result.runs}
    assert len(found) == len(result.runs) == 24
    assert result.record.counts == {"finished": 22, "failed": 2}
    events = JournalTail(result.folder / "journal.jsonl").read()
    known = [event["n_known"] for event in events if event["event"] == "sampled"]
    assert known == sorted(known)
    assert known[0] == 0
    assert known[-1] >= 21


@pytest.mark.parametrize(
    "changes",
    [
        {"sampler": "tpe"},
        {"sampler": "sobol"},
        {
            "sampler": "tpe",
            "max_runs": 18,
            "repeats": {"count": 2, "seed_name": "seed"},
        },
    ],
)
def test_resumed_sweep_searches_as_if_nothing_had_happened(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    space = {"x": {"type": "uniform", "min": 1, "max": 2}, "y": choice("a", "b")}
    asked = {"max_runs": 14, "hyperparameters": space, **changes}
    whole = run_sweep(echo_config(tmp_path, **asked), logdir=tmp_path / "a", workers=1, seed=6)
    begun = run_sweep(
        echo_config(tmp_path, **{**asked, "max_runs": 12}),
        logdir=tmp_path / "b",
        workers=1,
        seed=6,
    )
    done = run_command(
        "sweep",
        "--resume",
        begun.folder,
        "--max-runs",
        asked["max_runs"],
        "--workers",
        "1",
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    resumed = state_of(begun.folder)
    assert {i: run.hyperparameters for i, run in resumed.runs.items()} == {
        run.index: run.hyperparameters for run in whole.runs
    }
