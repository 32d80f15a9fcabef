"""The table of experiments that `export` writes: a row each, with a column for each setting."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypedDict

from ml_tracking_ops.logger.reading.reader import LogFormatError, read_run_log
from ml_tracking_ops.logger.results.tables import as_columns

from ...store.experiments import Experiment
from ...store.run_details import read_details
from ...store.run_states import RunState
from ..entries import finite
from ..settings import setting_column
from .run_tables import table_csv

_OWN = ("name", "path", "state", "started_at")
_WRITTEN = ("label", "tags", "note")


class TableEntry(TypedDict):
    """An experiment in an exported table. `last` has the last value of each metric."""

    name: str
    path: str
    state: RunState
    started_at: float
    config: dict[str, Any]
    environment: dict[str, Any]
    last: dict[str, float | None]
    label: str | None
    tags: list[str]
    note: str | None


def table_entries(experiments: Iterable[Experiment]) -> list[TableEntry]:
    """Return an entry for each experiment, in the order given."""
    return [_entry(experiment) for experiment in experiments]


def experiments_csv(experiments: Collection[Experiment]) -> Iterator[str]:
    """Yield the table as CSV: its own columns, one for each setting and for each metric's last
    value."""
    rows = _rows(experiments)
    names = list(dict.fromkeys(name for row in rows for name in row))
    yield from table_csv(names, ([row.get(name) for name in names] for row in rows))


def exported_experiment_columns(experiments: Collection[Experiment]) -> dict[str, list[Any]]:
    """Return the same as columns."""
    return as_columns(_rows(experiments))


def _rows(experiments: Iterable[Experiment]) -> list[dict[str, Any]]:
    entries = table_entries(experiments)
    written = [key for key in _WRITTEN if any(_written(entry)[key] for entry in entries)]
    taken = {*_OWN, *_WRITTEN, *(f"last.{name}" for entry in entries for name in entry["last"])}
    settings = dict.fromkeys(name for entry in entries for name in entry["config"])
    head = {name: setting_column(name, taken) for name in settings}
    metrics = dict.fromkeys(name for entry in entries for name in entry["last"])
    return [
        {
            **{"name": entry["name"], "path": entry["path"], "state": entry["state"]},
            "started_at": entry["started_at"],
            **{column: entry["config"].get(name) for name, column in head.items()},
            **{f"last.{name}": entry["last"].get(name) for name in metrics},
            **{key: _written(entry)[key] for key in written},
        }
        for entry in entries
    ]


def _written(entry: TableEntry) -> Mapping[str, Any]:
    return {"label": entry["label"], "tags": entry["tags"], "note": entry["note"]}


def _entry(experiment: Experiment) -> TableEntry:
    details, annotation = read_details(experiment.dat_path), experiment.annotation
    return {
        "name": experiment.name,
        "path": str(experiment.dat_path.parent),
        "state": experiment.state(),
        "started_at": experiment.started_at,
        "config": dict(details.config),
        "environment": dict(details.environment),
        "last": _last_values(experiment),
        "label": annotation.name,
        "tags": list(annotation.tags),
        "note": annotation.note,
    }


def _last_values(experiment: Experiment) -> dict[str, float | None]:
    """Return the last value of each metric, or nothing for an unreadable log, which the state
    shows."""
    try:
        log = read_run_log(experiment.dat_path)
        return {
            name: finite(float(series.value[-1])) for name, series in log.items() if len(series)
        }
    except (OSError, LogFormatError):
        return {}
