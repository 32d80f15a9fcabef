"""Read the trials of a stored Optuna study, for a sweep to start from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from ...errors import UsageError
from ...store.files.fields import is_number
from ...store.histories.history import WarmStartRun
from ...store.outcomes.aims import NO_AIMS, Aims
from ..addresses import shown_address, without_passwords
from ..samplers.extras import import_extra
from ..settings import OptunaStorage
from ..space import Combination, Space
from .earlier_sweep import EarlierSweep, fit

if TYPE_CHECKING:
    import optuna

_SQLITE = "sqlite:///"


def read_optuna_study(
    given: OptunaStorage, folder: Path, space: Space, aims: Aims = NO_AIMS
) -> EarlierSweep:
    """Read the complete trials of a study. Those that do not fit are counted, with the reason.

    Pruned and failed trials are no results of whole runs, and are left out too. The values of a
    study with several objectives are those of the sweep's objectives, in their order. A constrained
    metric is read from a user attribute of its name.

    Raises:
        UsageError: there is no such study, or it cannot be read.
    """
    study = open_optuna_study(given, folder)
    known: list[WarmStartRun] = []
    kept: list[Mapping[str, float]] = []
    left_out: Counter[str] = Counter()
    for trial in study.get_trials(deepcopy=False):
        if trial.state.name in ("RUNNING", "WAITING"):
            continue
        if trial.state.name != "COMPLETE":
            left_out[f"{trial.state.name.lower()}, which is not a whole run"] += 1
            continue
        values = fit(space, trial.params)
        if values is None:
            left_out[_why_unfit(space, trial.params)] += 1
        else:
            kept.append(_metrics(trial, aims))
            known.append(_as_known(values, trial, aims, kept[-1]))
    name = f"Optuna's study {study.study_name}"
    return EarlierSweep(name, known, left_out, kept, aims.metrics)


def _metrics(trial: "optuna.trial.FrozenTrial", aims: Aims) -> dict[str, float]:
    """Return the value of each objective, and of constrained metrics as far as the trial has
    them."""
    found: dict[str, float] = {}
    for name in sorted(aims.metrics & trial.user_attrs.keys()):
        value = trial.user_attrs[name]
        if is_number(value):
            found[name] = float(value)
    names = aims.objective_names
    return {**found, **dict(zip(names, trial.values, strict=True))} if names else found


def _as_known(
    hyperparameters: Combination,
    trial: "optuna.trial.FrozenTrial",
    aims: Aims,
    values: Mapping[str, float],
) -> WarmStartRun:
    best = None if aims.objectives else trial.values[0]
    result = aims.result(values) or None
    return WarmStartRun(hyperparameters, "finished", best, None, result, aims.violations(values))


def open_optuna_study(given: OptunaStorage, folder: Path) -> "optuna.Study":
    """Open an Optuna study.

    Raises:
        UsageError: there is no such study, or it cannot be read.
    """
    import_extra("optuna", "optuna", "warm_start from Optuna")
    import optuna

    storage, shown = _storage(given.optuna, folder), shown_address(given.optuna)
    names = [one.study_name for one in storage.get_all_studies()]
    if given.study is None and len(names) != 1:
        raise UsageError(
            f"{shown} has {len(names)} studies ({', '.join(names)}): name one with study"
            if names
            else f"{shown} has no study"
        )
    name = given.study or names[0]
    if name not in names:
        raise UsageError(f"{shown} has no study {name}. Known: {', '.join(names)}")
    return optuna.load_study(study_name=name, storage=storage)


def _storage(address: str, folder: Path) -> "optuna.storages.BaseStorage":
    """Open the storage.

    Raises:
        UsageError: there is no such file, or it is not an Optuna storage.
    """
    import optuna

    try:
        if address.startswith(_SQLITE):
            path = _existing(folder / address.removeprefix(_SQLITE))
            return optuna.storages.RDBStorage(f"{_SQLITE}{path}")
        if "://" in address:
            return optuna.storages.RDBStorage(address)
        path = _existing(folder / address)
        if path.read_bytes()[:16] == b"SQLite format 3\0":
            return optuna.storages.RDBStorage(f"{_SQLITE}{path}")
        from optuna.storages import journal

        return optuna.storages.JournalStorage(journal.JournalFileBackend(str(path)))
    except UsageError:
        raise
    except Exception as error:  # of SQLAlchemy, of JSON, of the driver
        why = without_passwords(f"{address} cannot be read as an Optuna storage: {error}", address)
        raise UsageError(why) from error


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UsageError(f"there is no file {path}, which warm_start names as Optuna's storage")
    return path


def _why_unfit(space: Space, params: Mapping[str, Any]) -> str:
    """Explain why a trial does not fit a search space, or return None if it does."""
    missing = [name for name in _needed(space, params) if name not in params]
    if missing:
        return f"no value for {', '.join(missing)}"
    for name, value in params.items():
        kind = space.hyperparameters.get(name)
        if kind is not None and not kind.holds(value):
            return f"{name} outside of this search space"
    return "not allowed by conditions or constraints"


def _needed(space: Space, params: Mapping[str, JsonValue]) -> Sequence[str]:
    return [name for name in space.sampled if space.hyperparameters[name].when is None]
