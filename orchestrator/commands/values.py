"""Write a hyperparameter's value into an argument. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

ValueStyle = Literal["json", "python"]
"""The form of `true`, `null`, lists and objects if no macro sets it: see `as_text`."""

Form = Literal["pairs", "lists", "separate"]
"""A form of `${args:…}`."""
FORMS: tuple[Form, ...] = ("pairs", "lists", "separate")


def as_text(value: Any, style: ValueStyle = "json") -> str:
    """Return a hyperparameter's value as one argument of a training script.

    Text is unchanged, numbers keep their exact value, and `true`, `false` and `null` are written as
    in Python (`True`, `False`, `None`). Lists and objects are JSON, or in the style "python" the
    result of Python's `str`, as W&B's agent passes them.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False) if style == "json" else str(value)
    return repr(value)


def as_override(value: Any, style: ValueStyle = "json") -> str:
    """Return a value for Hydra's `key=value`, with `true`, `false` and `null` as in JSON."""
    if isinstance(value, str) or style == "python":
        return as_text(value, style)
    return json.dumps(value, ensure_ascii=False)


def as_flag(name: str, value: Any, style: ValueStyle = "json") -> str | None:
    """Return `--name` for true, nothing for false, and `--name=value` for the rest."""
    if isinstance(value, bool):
        return f"--{name}" if value else None
    return f"--{name}={as_text(value, style)}"


def in_forms(name: str, value: Any, forms: Sequence[str], style: ValueStyle) -> list[str]:
    """Return the arguments of one hyperparameter in the forms of `${args:…}`."""
    if "pairs" in forms and isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    if "lists" in forms and isinstance(value, list):
        return [f"--{name}", *(as_text(item, style) for item in value)]
    if "separate" in forms:
        return [f"--{name}", as_text(value, style)]
    return [f"--{name}={as_text(value, style)}"]


def as_objects(combination: Mapping[str, Any], objects: Sequence[str]) -> dict[str, Any]:
    """Return a combination with its objects: `optimizer.lr` is `lr` in the object `optimizer`.

    Args:
        objects: the names of the objects. One inside another is `outer.inner`.
    """
    passed: dict[str, Any] = {}
    for name, value in combination.items():
        *groups, key = _path(name, objects)
        place = passed
        for group in groups:
            place = place.setdefault(group, {})
        place[key] = value
    return passed


def _path(name: str, objects: Sequence[str]) -> Iterator[str]:
    """Yield the keys that lead to a hyperparameter in nested objects."""
    start = 0
    for prefix in sorted((o for o in objects if name.startswith(f"{o}.")), key=len):
        yield prefix[start:]
        start = len(prefix) + 1
    yield name[start:]
