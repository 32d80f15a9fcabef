"""`wandb.config`: the settings of a run, as attributes and items."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.run_record import json_settings


def sweep_values() -> dict[str, Any]:
    """Return the hyperparameters of the sweep that started this run, dotted names nested."""
    text = os.environ.get(paths.HYPERPARAMETERS_VARIABLE)
    values: dict[str, Any] = json.loads(text) if text else {}
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *parents, last = name.split(".")
        place = nested
        for parent in parents:
            inner = place.setdefault(parent, {})
            place = inner if isinstance(inner, dict) else place
        place[last] = value
    return nested


class Config(MutableMapping[str, Any]):
    """Settings as attributes and items. A script cannot change what the sweep sets.

    Args:
        given: as `ExperimentLogger.log_config` takes it, or None.
        swept: the sweep's values, which win.
        keep: called with the whole configuration after each change.
    """

    def __init__(
        self, given: object, swept: Mapping[str, Any], keep: Callable[[dict[str, Any]], None]
    ) -> None:
        values = {} if given is None else json_settings(given)
        self.__dict__["_swept"] = dict(swept)
        self.__dict__["_keep"] = keep
        self.__dict__["_values"] = _merged(values, swept)
        if self._values:
            keep(self._values)

    def update(self, *given: Any, allow_val_change: bool | None = None, **named: Any) -> None:
        """Add settings, which may be anything that `init` takes as `config`."""
        for one in (*given, named):
            if one:
                self._change(json_settings(one))

    def setdefaults(self, given: object) -> None:
        """Add the settings that are not there yet."""
        self._change(
            {
                name: value
                for name, value in json_settings(given).items()
                if name not in self._values
            }
        )

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)

    def _change(self, changes: Mapping[str, Any]) -> None:
        self.__dict__["_values"] = _merged({**self._values, **changes}, self._swept)
        self._keep(self._values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._change({name: value})

    def __delitem__(self, name: str) -> None:
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"wandb.config has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __repr__(self) -> str:
        return repr(self._values)


def _merged(values: Mapping[str, Any], winning: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for name, value in winning.items():
        inner = merged.get(name)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged
