"""The runs of a sweep according to its journal, by the names of their files."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from .. import locks, os_files, paths
from ..guarded import open_guarded


class SweepRuns:
    """The runs of the sweep in a folder, or none if the folder is no sweep."""

    def __init__(self, folder: str) -> None:
        self._hyperparameters: dict[str, dict[str, Any]] = {}
        self._states: dict[str, str] = {}
        combinations: dict[object, dict[str, Any]] = {}
        names: dict[object, str] = {}
        host = None
        self._elsewhere: set[str] = set()
        for event in _events(os.path.join(folder, paths.JOURNAL_NAME)):
            kind, index = event.get("event"), event.get("index")
            if kind == "sweep_started":
                host = event.get("host")
            elif kind == "sampled" and isinstance(event.get("hyperparameters"), dict):
                combinations[index] = event["hyperparameters"]
            elif kind == "started" and isinstance(event.get("name"), str):
                name = names[index] = event["name"]
                self._hyperparameters[name] = combinations.get(index, {})
                self._states[name] = "running"
                if host != os_files.host_name() or _is_on_an_engine(event):
                    self._elsewhere.add(name)
            elif kind == "ended" and index in names:
                state = event.get("state", event.get("status"))
                self._states[names[index]] = state if isinstance(state, str) else "lost"
        self._is_at_work = locks.is_held(os.path.join(folder, paths.JOURNAL_NAME))

    def hyperparameters(self, name: str) -> Mapping[str, Any]:
        return self._hyperparameters.get(name, {})

    def state(self, name: str) -> str | None:
        """Return the state in the journal, or None if it does not know the run or missed its
        end."""
        state = self._states.get(name)
        return None if state == "running" and self._is_at_work is False else state

    def has_run_here(self, name: str) -> bool:
        """Return whether a run's process was on this machine, according to the journal."""
        return name in self._states and name not in self._elsewhere


def _is_on_an_engine(event: Mapping[str, Any]) -> bool:
    """Return whether Slurm, Ray or the like started a run, perhaps on another machine."""
    ref = event.get("ref")
    return isinstance(ref, dict) and ref.get("executor") != "local"


def _events(path: str) -> Iterator[dict[str, Any]]:
    try:
        fd = open_guarded(path, os_files.READ)
    except OSError:
        return
    with os.fdopen(fd, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):  # torn
                continue
            if isinstance(event, dict) and _is_hashable(event.get("index")):
                yield event


def _is_hashable(index: object) -> bool:
    return index is None or isinstance(index, int | str)
