"""`early_terminate` of a W&B sweep file."""

import math
from collections.abc import Mapping
from typing import Any

from ...errors import did_you_mean
from ...store.files.fields import is_number
from ..value_checks import show_value
from .conversion import Conversion

_KEYS = ("type", "min_iter", "max_iter", "s", "eta", "strict")


def convert_early_terminate(found: Conversion) -> None:
    if "early_terminate" not in found.given:
        return
    given = found.given["early_terminate"]
    if isinstance(given, str):
        found.refuse(
            "early_terminate",
            f"must be an object, such as {{type: {given}, min_iter: 3}}, got the text {given!r}",
        )
        return
    if not isinstance(given, Mapping):
        found.refuse("early_terminate", f"must be an object with a type, got {show_value(given)}")
        return
    if given.get("type") != "hyperband":
        what = show_value(given.get("type"))
        found.refuse("early_terminate.type", f"must be hyperband, got {what}")
        return
    if "metric" not in found.given:
        found.refuse("metric", "is missing. early_terminate compares runs by it")
    rule = {"rule": "wandb_hyperband", **_brackets(found, given)}
    found.config["stopping_rules"] = [rule]


def _brackets(found: Conversion, given: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}  # without max_iter W&B ignores s
    for key, value in given.items():
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS)
            found.refuse(f"early_terminate.{key}", f"is not a key of W&B's hyperband{hint}")
        elif key != "type" and not (key == "s" and "max_iter" not in given):
            settings[key], wanted = _setting(key, value)
            if wanted:
                shown = show_value(value)
                found.refuse(f"early_terminate.{key}", f"must be {wanted}, got {shown}")
                del settings[key]
    _check_brackets(found, given, settings)
    return settings


def _setting(key: str, value: Any) -> tuple[Any, str]:
    """Return the value for our rule, or what it must be."""
    if key == "strict":
        return value, "" if isinstance(value, bool) else "true or false"
    if not is_number(value) or not math.isfinite(value):
        return value, "a number"
    if key == "eta":
        return float(value), "" if value > 1 else "a number above 1"
    return int(value), "" if value >= 1 and value == int(value) else "a whole number, 1 or more"


def _check_brackets(found: Conversion, given: Mapping[str, Any], numbers: dict[str, Any]) -> None:
    if "max_iter" in given and "s" not in given and "min_iter" in given:
        numbers.pop("max_iter", None)
        found.notes.append(
            "early_terminate.max_iter: ignored without s, which W&B's own stopping fails on. Runs "
            "are compared from min_iter on"
        )
    elif "max_iter" in given and "s" not in given:
        found.refuse(
            "early_terminate.max_iter",
            "needs s, the number of brackets before it, or give min_iter",
        )
    elif "max_iter" not in given and "min_iter" not in given:
        found.refuse("early_terminate", "needs min_iter, or max_iter and s")
    elif "max_iter" in numbers and numbers["max_iter"] < numbers.get("eta", 3):
        found.refuse(
            "early_terminate.max_iter",
            f"is less than eta ({numbers.get('eta', 3):g}), which leaves no bracket",
        )
