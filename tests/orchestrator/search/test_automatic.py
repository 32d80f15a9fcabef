"""Which sampler `auto` picks, and settings of samplers."""

import json
from pathlib import Path
from typing import Any

import pytest
from optuna.samplers import CmaEsSampler, TPESampler
from spaces import space_of
from sweeps import choice, run_command, state_of, sweep_folder, write_config

from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.config.model import SweepConfig, json_schema
from ml_tracking_ops.orchestrator.search.proposals import Proposer
from ml_tracking_ops.orchestrator.search.sampler_settings import given_settings
from ml_tracking_ops.orchestrator.search.samplers.automatic import PickedSampler, pick_sampler
from ml_tracking_ops.orchestrator.search.samplers.learning import LearningSampler
from ml_tracking_ops.orchestrator.store.journal import JournalTail

X = {"type": "uniform", "min": 0, "max": 1}
PLANE = space_of({"x": X, "y": X})
SMALL = space_of({"a": choice(1, 2), "b": choice(1, 2, 3)})
CONDITIONAL = space_of({"a": choice("p", "q"), "x": {**X, "when": {"a": "p"}}})


def pick(
    space: Any = PLANE,
    n_runs: int = 60,
    n_workers: int = 4,
    rules: tuple[str, ...] = (),
    libraries: tuple[str, ...] = ("optuna",),
    *,
    has_metric: bool = True,
    n_objectives: int = 1,
) -> PickedSampler:
    return pick_sampler(
        space,
        n_runs,
        n_workers,
        rules,
        has_metric=has_metric,
        n_objectives=n_objectives,
        has_library=libraries.__contains__,
    )


@pytest.mark.parametrize(
    ("picked", "name", "why"),
    [
        (pick(SMALL), "grid", "all 6 combinations fit into 60 runs"),
        (pick(SMALL, n_runs=5), "random", "too few"),
        (pick(has_metric=False), "random", "no optimization_metric"),
        (pick(rules=("asha",)), "bayes", "learns from runs that asha stops"),
        (pick(rules=("median",), libraries=()), "bayes", "learns from runs that median stops"),
        (pick(n_objectives=2, libraries=()), "bayes", "from few runs"),
        (pick(CONDITIONAL, n_objectives=3), "bayes", "from few runs"),
        (pick(n_objectives=4), "tpe", "many objectives"),
        (pick(rules=("asha",), n_objectives=2), "random", "asha stops most runs"),
        (pick(n_runs=300, n_objectives=2), "tpe", "many runs"),
        (pick(rules=("asha",), n_runs=10), "random", "too few"),
        (pick(rules=("patience", "threshold")), "bayes", "few runs"),
        (pick(n_runs=10), "random", "10 runs, 4 at once, are too few"),
        (pick(n_runs=29, n_workers=16), "random", "too few"),
        (pick(n_runs=30, n_workers=16), "bayes", "from few runs"),
        (pick(n_runs=300, libraries=()), "random", "Optuna is not installed"),
        (pick(libraries=()), "bayes", "the most from few runs"),
        (pick(CONDITIONAL, n_workers=16), "bayes", "the most from few runs"),
        (pick(n_runs=300), "tpe", "for many runs"),
    ],
)
def test_auto_picks_by_space_runs_workers_and_rules(
    picked: PickedSampler, name: str, why: str
) -> None:
    assert picked.name == name
    assert why in picked.reason


@pytest.mark.parametrize(
    ("sampler", "rules", "name"),
    [
        ("tpe", ["asha"], "bayes"),
        ({"type": "tpe", "n_startup_trials": 20}, ["patience", "median"], "bayes"),
        ({"type": "gp", "deterministic_objective": True}, ["hyperband"], "bayes"),
        ({"type": "tpe", "multivariate": True}, ["asha"], None),
        ("tpe", ["patience"], None),
        ("tpe", [], None),
        ("random", ["asha"], None),
    ],
)
def test_plain_tpe_and_gp_learn_from_stopped_runs_where_a_rule_compares_them(
    sampler: Any, rules: list[str], name: str | None
) -> None:
    patience = {"patience": 3}
    more = {"patience": patience, "hyperband": {"max_resource": 9}}
    given = [{"rule": rule, **more.get(rule, {})} for rule in rules]
    config = SweepConfig.model_validate(
        {
            "main_script_name": "-",
            "max_runs": 40,
            "early_stopping": False,
            "optimization_metric": "loss",
            "optimization_goal": "min",
            "hyperparameters": {"x": X},
            "sampler": sampler,
            "stopping_rules": given,
        }
    )
    proposer = Proposer(config.search_plan, 1)
    assert (None if proposer.pick is None else proposer.pick.name) == name
    if name is not None:
        assert proposer.sampler.type == "bayes"
        startup = sampler.get("n_startup_trials") if isinstance(sampler, dict) else None
        assert given_settings(proposer.sampler).get("n_startup_trials") == startup


def test_pick_is_in_the_journal_once_and_a_resume_keeps_to_it(tmp_path: Path) -> None:
    config = write_config(tmp_path, "short.py", sampler="auto", max_runs=2, seed=1)
    first = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    result = resume(first.folder, max_runs=30)

    assert result.record.picked is not None
    assert result.record.picked[0] == "random"
    events = JournalTail(first.folder / "journal.jsonl").read()
    assert [event["event"] for event in events].count("sampler_picked") == 1
    shown = run_command("show", first.folder.name, "--json", folder=tmp_path)
    sampler = json.loads(shown.stdout)["sampler"]
    assert sampler["name"] == "random"
    assert "too few" in sampler["reason"]


def test_auto_learns_if_there_are_enough_runs(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", sampler="auto", max_runs=17, seed=1)
    done = run_command("sweep", "--workers", "2", folder=tmp_path)

    assert "sampler: bayes, since" in done.stderr
    record = state_of(sweep_folder(tmp_path / "runs"))
    assert record.picked is not None
    assert all(getattr(one, "n_known", 0) is not None for one in record.history)


def test_dry_run_prints_what_auto_picks(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", sampler="auto", max_runs=2)

    assert "sampler: random, since" in run_command("sweep", "--dry-run", folder=tmp_path).stderr


def test_settings_are_those_of_the_sampler_of_optuna() -> None:
    settings = {"n_startup_trials": 3, "multivariate": True, "n_ei_candidates": 8}
    sampler = LearningSampler(PLANE, 1, "tpe", "max", (), settings)

    assert isinstance(sampler._study.sampler, TPESampler)
    assert sampler._study.sampler._n_startup_trials == 3
    assert sampler._study.sampler._multivariate is True
    assert sampler._study.sampler._n_ei_candidates == 8
    sampler = LearningSampler(PLANE, 1, "cma_es", "max", (), {"popsize": 5})
    assert isinstance(sampler._study.sampler, CmaEsSampler)
    assert sampler._study.sampler._popsize == 5


def test_settings_change_what_is_run(tmp_path: Path) -> None:
    def xs(sampler: Any) -> list[object]:
        config = write_config(tmp_path, "short.py", sampler=sampler, max_runs=5, seed=1)
        result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
        return [run.hyperparameters["x"] for run in result.runs]

    plain, startup = xs("tpe"), xs({"type": "tpe", "n_startup_trials": 2})
    assert plain[:2] == startup[:2]
    assert plain[2:] != startup[2:]
    assert xs({"type": "tpe"}) == plain


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        ("tpee", "sampler: unknown type 'tpee', did you mean tpe? (allowed: random, grid"),
        ({"type": "tpe", "n_startup": 3}, "sampler.n_startup: unknown key, did you mean"),
        ({"type": "tpe", "n_startup_trials": -1}, "sampler.n_startup_trials: must be a whole"),
        ({"type": "random", "popsize": 3}, "sampler.popsize: unknown key"),
        ({"n_startup_trials": 1}, "sampler: needs a type: one of random, grid"),
        ({"type": "tpe", "group": True}, "sampler: group needs multivariate"),
        ({"type": "cma_es", "lr_adapt": True, "with_margin": True}, "only one can be true"),
        (3, "sampler: must be the name of a sampler or an object"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, sampler: Any, message: str) -> None:
    write_config(tmp_path, "short.py", sampler=sampler)
    done = run_command("sweep", folder=tmp_path)

    assert done.returncode == 2
    assert message in done.stderr.replace('"', "'")


def test_wandb_file_may_name_a_sampler_for_bayes(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py")
    path = tmp_path / "sweep.yaml"
    text = (
        "program: short.py\nmethod: bayes\nmetric: {name: Accuracy, goal: maximize}\n"
        "run_cap: 3\nparameters: {x: {min: 0.0, max: 1.0}}\n"
    )
    path.write_text(text + "sampler: {type: tpe, n_startup_trials: 20}\n")
    loaded = load_config(path)
    assert loaded.config.sampler.model_dump(exclude_none=True) == {
        "type": "tpe",
        "n_startup_trials": 20,
    }
    assert any("sampler: a key of ML Tracking Ops" in note for note in loaded.notes)
    path.write_text(text.replace("bayes", "random") + "sampler: tpe\n")
    assert (
        "sampler: can only be used with method bayes"
        in run_command("sweep", "sweep.yaml", folder=tmp_path).stderr
    )


def test_schema_allows_a_name_and_settings() -> None:
    import jsonschema

    schema = json_schema()
    base = {
        "main_script_name": "a.py",
        "hyperparameters": {"x": X},
        "max_runs": 1,
        "early_stopping": False,
    }
    for sampler in ("auto", {"type": "tpe", "n_startup_trials": 20}):
        SweepConfig.model_validate({**base, "sampler": sampler})
        jsonschema.validate({**base, "sampler": sampler}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**base, "sampler": "tpee"}, schema)
