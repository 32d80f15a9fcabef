"""Sweeps that start from what Optuna kept of an earlier study."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sweeps import write_config

from ml_tracking_ops.orchestrator import run_sweep
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.search.settings import OptunaStorage
from ml_tracking_ops.orchestrator.search.space import Space
from ml_tracking_ops.orchestrator.search.warm_start.optuna_storage import read_optuna_study
from ml_tracking_ops.orchestrator.store.histories.history import WarmStartRun

optuna.logging.set_verbosity(optuna.logging.WARNING)
SPACE = {
    "x": {"type": "uniform", "min": 0, "max": 1},
    "size": {"type": "choice", "candidates": [16, 32]},
}
TRIALS: list[dict[str, Any]] = [{"x": 0.1, "size": 16}, {"x": 0.5, "size": 64}, {"x": 0.3}]


def fill(storage: Any, name: str = "mnist", direction: str = "maximize") -> None:
    """A study of three complete trials, one that was pruned, and one that runs."""
    study = optuna.create_study(study_name=name, storage=storage, direction=direction)
    kinds = {
        "x": optuna.distributions.FloatDistribution(0, 1),
        "size": optuna.distributions.CategoricalDistribution([16, 32, 64]),
    }
    for number, params in enumerate(TRIALS):
        own = {key: kinds[key] for key in params}
        trial = optuna.trial.create_trial(value=number, params=params, distributions=own)
        study.add_trial(trial)
    pruned = optuna.trial.TrialState.PRUNED
    study.add_trial(optuna.trial.create_trial(state=pruned, intermediate_values={1: 0.5}))
    study.ask()


def space() -> Space:
    import pydantic

    from ml_tracking_ops.orchestrator.search.space import SearchSpace

    return Space(pydantic.TypeAdapter(SearchSpace).validate_python(SPACE))


@pytest.fixture(params=["sqlite", "journal"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A storage of each kind, as a configuration names it."""
    if request.param == "sqlite":
        fill(f"sqlite:///{tmp_path / 'study.db'}")
        return "sqlite:///study.db"
    fill(JournalStorage(JournalFileBackend(str(tmp_path / "study.log"))))
    return "study.log"


def test_trials_that_fit_are_known_and_the_others_are_counted(storage: str, tmp_path: Path) -> None:
    earlier = read_optuna_study(OptunaStorage(optuna=storage), tmp_path, space())
    assert list(earlier.known) == [WarmStartRun({"x": 0.1, "size": 16}, "finished", 0.0)]
    assert earlier.left_out_text == (
        "warm_start: 3 of 4 runs of Optuna's study mnist are left out (1: size outside of this "
        "search space; 1: no value for size; 1: pruned, which is not a whole run)"
    )


def test_sweep_learns_from_a_study(storage: str, tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "short.py",
        max_runs=1,
        hyperparameters=SPACE,
        sampler="tpe",
        warm_start=[{"optuna": storage, "study": "mnist"}],
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (known,) = (one for one in result.record.history if isinstance(one, WarmStartRun))
    assert known == WarmStartRun({"x": 0.1, "size": 16}, "finished", 0.0)
    assert "3 of 4 runs of Optuna's study mnist" in result.record.warnings[0]


def fill_with_two(tmp_path: Path) -> None:
    """A study of two objectives, whose trials keep a metric as a user attribute."""
    study = optuna.create_study(
        study_name="both",
        storage=f"sqlite:///{tmp_path / 'study.db'}",
        directions=["maximize", "minimize"],
    )
    kinds = {
        "x": optuna.distributions.FloatDistribution(0, 1),
        "size": optuna.distributions.CategoricalDistribution([16, 32]),
    }
    for x, memory in ((0.1, 8), (0.2, 30), (0.3, None)):
        study.add_trial(
            optuna.trial.create_trial(
                values=[x, 1 - x],
                params={"x": x, "size": 16},
                distributions=kinds,
                user_attrs={} if memory is None else {"memory_gb": memory},
            )
        )


OBJECTIVES = [{"metric": "accuracy", "goal": "max"}, {"metric": "latency", "goal": "min"}]


def test_sweep_with_objectives_learns_from_a_study_with_as_many(tmp_path: Path) -> None:
    fill_with_two(tmp_path)
    config = write_config(
        tmp_path,
        "short.py",
        max_runs=1,
        hyperparameters=SPACE,
        sampler="tpe",
        warm_start=[{"optuna": "study.db"}],
        objectives=OBJECTIVES,
        where=["memory_gb <= 24"],
        early_stopping=False,
        optimization_metric=None,
        optimization_goal=None,
    )
    result = run_sweep(config, logdir=tmp_path / "runs", workers=1)
    known = [one for one in result.record.history if isinstance(one, WarmStartRun)]
    assert [(one.result, one.violations) for one in known] == [
        ((0.1, 0.9), (-16.0,)),
        ((0.2, 0.8), (6.0,)),
        ((0.3, 0.7), None),
    ]


@pytest.mark.parametrize(
    ("objectives", "text"),
    [
        ([OBJECTIVES[0], {"metric": "b", "goal": "max"}], 'this sweep the goals "max", "max"'),
        (None, 'has the goals "max", "min", this sweep the goal "max"'),
    ],
)
def test_study_with_other_goals_is_a_mistake(objectives: Any, text: str, tmp_path: Path) -> None:
    fill_with_two(tmp_path)
    changes: dict[str, Any] = {"warm_start": [{"optuna": "study.db"}], "hyperparameters": SPACE}
    if objectives is not None:
        changes |= {"objectives": objectives, "early_stopping": False}
        changes |= {"optimization_metric": None, "optimization_goal": None}
    config = write_config(tmp_path, "short.py", **changes)
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    (problem,) = caught.value.problems
    assert problem.key == "warm_start.0"
    assert text in problem.message


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"optuna": "none.db"}, "there is no file"),
        ({"optuna": "study.db", "study": "cifar"}, "has no study cifar. Known: mnist, other"),
        ({"optuna": "study.db"}, "has 2 studies (mnist, other): name one with study"),
        ({"optuna": "study.db", "study": "other"}, 'that study has the goal "min"'),
        ({"optuna": "short.py"}, "cannot be read as an Optuna storage"),
    ],
)
def test_study_that_cannot_be_used_is_a_mistake_with_a_remedy(
    given: dict[str, str], text: str, tmp_path: Path
) -> None:
    fill(f"sqlite:///{tmp_path / 'study.db'}")
    fill(f"sqlite:///{tmp_path / 'study.db'}", "other", "minimize")
    config = write_config(tmp_path, "short.py", hyperparameters=SPACE, warm_start=[given])
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    (problem,) = caught.value.problems
    assert problem.key == "warm_start.0"
    assert text in problem.message


@pytest.mark.parametrize("password", ["secretpw", "s%2Fe:c@r"])
@pytest.mark.parametrize("form", ["text", "storage", "wrong", "option"])
def test_errors_about_a_storage_hide_its_password(
    form: str, password: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"nonesuch://user:{password}@127.0.0.1:1/db"
    if form == "option":
        address = f"nonesuch://127.0.0.1/db?password={password}"
    given: Any = {"optuna": address}
    if form == "text":
        given = address
    elif form == "wrong":
        given["stduy"] = "mnist"
    config = write_config(tmp_path, "short.py", hyperparameters=SPACE, warm_start=[given])
    assert main(["sweep", str(config), "--check"]) == 2
    printed = capsys.readouterr().err
    assert "warm_start.0" in printed
    assert "nonesuch://" in printed
    assert password not in printed
    assert "c@r" not in printed
