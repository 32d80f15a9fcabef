"""The configurations that runs of a sweep logged besides their hyperparameters.

It is kept between requests: the record of an ended run is read once, the file of a running one is
checked again.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator.store.run_details import config_of, is_chosen
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..hyperparameters import Hyperparameter, SettingsSeen

_NOTHING: Mapping[str, Any] = {}
_FEW = 100
"""For more runs than this the folder is listed first: most sweeps log no configuration."""


class LoggedSettings:
    """Settings by the index of the run, flat: nested settings have dotted names."""

    def __init__(self) -> None:
        self._read: dict[int, Mapping[str, Any]] = {}
        self._besides: dict[int, Mapping[str, Any]] = {}
        self._seen: SettingsSeen | None = SettingsSeen()
        self._described: dict[str, Hyperparameter] = {}

    def of(self, index: int) -> Mapping[str, Any]:
        return self._besides.get(index, _NOTHING)

    def refresh(self, sweep: Sweep, indices: Collection[int]) -> set[int]:
        """Read the records of these runs again, and return which have changed."""
        changed = {index for index in _with_record(sweep, indices) if self._is_new(sweep, index)}
        if changed:
            self._described = self._describe()
        return changed

    def _is_new(self, sweep: Sweep, index: int) -> bool:
        run = sweep.record.runs[index]
        path = sweep.dat_path(run)
        config = _NOTHING if path is None else config_of(path)
        if config is self._read.get(index):
            return False
        self._read[index] = config
        chosen, known = run.hyperparameters, self.of(index)
        found = {name: value for name, value in config.items() if not is_chosen(name, chosen)}
        if found == known:
            return False
        self._besides[index] = found
        if known:
            self._seen = None  # its earlier settings are gone
        elif self._seen is not None:
            self._seen.add(found)
        return True

    def described(self, hyperparameters: Mapping[str, Hyperparameter]) -> dict[str, Hyperparameter]:
        """Return the values of the runs for each setting, without the names of hyperparameters."""
        known = self._described.items()
        return {name: one for name, one in known if name not in hyperparameters}

    def _describe(self) -> dict[str, Hyperparameter]:
        if self._seen is None:
            self._seen = SettingsSeen()
            for settings in self._besides.values():
                self._seen.add(settings)
        return self._seen.describe()


def _with_record(sweep: Sweep, indices: Collection[int]) -> Iterable[int]:
    """Return those of the runs that may have a record."""
    if len(indices) <= _FEW:
        return indices
    try:
        names = set(os.listdir(sweep.path))  # noqa: PTH208 - ten thousands of names
    except OSError:
        return ()
    runs, suffix = sweep.record.runs, paths.RUN_RECORD_SUFFIX
    return [index for index in indices if f"{runs[index].name}{suffix}" in names]
