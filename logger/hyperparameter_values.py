"""`hyperparameters`: a script's settings, with the sweep's values in a sweep."""

import json
import os
import sys

from . import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Hyperparameters(dict[str, object]):
    """A script's settings, as items and as attributes: `hp["depth"]`, `hp.depth`."""

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(_unknown([name], self)) from None

    def __setattr__(self, name: str, value: object) -> None:
        self[name] = value


def hyperparameters(**defaults: object) -> Hyperparameters:
    """Return the settings of this run: the sweep's values, or these defaults outside a sweep.

    Outside a sweep `--name=value` on the command line replaces a default. A value gets the type of
    its default: `depth=6` makes `6.0` the whole number 6. A default that is None accepts any value.
    A group of hyperparameters is a mapping: `optimizer={"lr": 0.1}`, on the command line
    `--optimizer.lr=0.2`.

    Returns:
        The settings as items and attributes, in the order of the defaults.

    Raises:
        ValueError: the sweep has a hyperparameter that the script does not name, or a value is
            not of its default's type.
    """
    given = os.environ.get(paths.HYPERPARAMETERS_VARIABLE)
    values = _of_sweep(given, defaults) if given else _of_arguments(sys.argv[1:], defaults)
    return Hyperparameters(
        {
            name: _like(default, values[name], name) if name in values else default
            for name, default in defaults.items()
        }
    )


def _of_sweep(text: str, defaults: dict[str, object]) -> dict[str, object]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise ValueError(f"{paths.HYPERPARAMETERS_VARIABLE} must hold a JSON object, not {text!r}")
    values = _spread(values, defaults)
    unknown = [name for name in values if name not in defaults]
    if unknown:
        raise ValueError(_unknown(unknown, defaults))
    return values


def _spread(values: dict[str, object], defaults: dict[str, object]) -> dict[str, object]:
    """Return the values. A group that the script does not name is replaced by its dotted names."""
    found: dict[str, object] = {}
    for name, value in values.items():
        if name in defaults or not isinstance(value, dict):
            found[name] = value
        else:
            found.update(_spread({f"{name}.{key}": one for key, one in value.items()}, defaults))
    return found


def _unknown(names: "Sequence[str]", defaults: dict[str, object]) -> str:
    known = ", ".join(defaults) or "none"
    return (
        f"the script does not name {', '.join(names)} in hyperparameters(…). It names {known}. "
        "Add it there with a default, or correct the name in the sweep's configuration."
    )


def _of_arguments(arguments: "Sequence[str]", defaults: dict[str, object]) -> dict[str, object]:
    values: dict[str, object] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        key = name.removeprefix("--")
        if name.startswith("--") and equals and key in defaults:
            values[key] = _parsed(defaults[key], text)
        elif name.startswith("--") and equals and "." in key:
            _put(values, defaults, key.split("."), text)
    return values


def _put(values: dict[str, object], defaults: object, path: "Sequence[str]", text: str) -> None:
    """Put `--group.name=value` into the group, if the script has it."""
    group, *rest = path
    if not isinstance(defaults, dict) or group not in defaults:
        return
    if not rest:
        values[group] = _parsed(defaults[group], text)
    elif isinstance(defaults[group], dict):
        inner = values.setdefault(group, {})
        if isinstance(inner, dict):
            _put(inner, defaults[group], rest, text)


def _parsed(default: object, text: str) -> object:
    """Parse a value from the command line: as JSON, unless the default is a text or it is no
    JSON."""
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        return _BOOLEANS.get(text.lower(), text)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _like(default: object, value: object, name: str) -> object:
    """Convert a value to the type of its default."""
    if isinstance(default, dict) and isinstance(value, dict):
        return _merged(default, value, name)
    if default is None or type(value) is type(default) or value is None:
        return value
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(default, float) and is_number:
        return float(value)  # type: ignore[arg-type]
    if type(default) is int and isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError(
        f"{name} is {value!r}, but its default {default!r} is of type {type(default).__name__}. "
        f"Give hyperparameters(…) a default of the same type"
    )


def _merged(default: dict[str, object], values: dict[str, object], name: str) -> dict[str, object]:
    """Merge the given values into the defaults of a group."""
    unknown = [f"{name}.{key}" for key in values if default and key not in default]
    if unknown:
        raise ValueError(_unknown(unknown, {f"{name}.{key}": one for key, one in default.items()}))
    found = dict(default)
    for key, value in values.items():
        found[key] = _like(default.get(key), value, f"{name}.{key}")
    return found
