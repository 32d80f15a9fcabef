"""Parameters of a W&B sweep file → hyperparameters of ours."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..search.distributions import is_number

_CALLED = {
    "value",
    "values",
    "distribution",
    "probabilities",
    "min",
    "max",
    "q",
    "mu",
    "sigma",
    "a",
    "b",
}
_NUMBERS = ("min", "max", "q", "mu", "sigma")
Definition = dict[str, Any]


class UnsupportedError(ValueError):
    """A parameter that has no counterpart; `key` is the one it hangs on."""

    def __init__(self, message: str, key: str = "") -> None:
        self.key = key
        super().__init__(message)


def convert_parameter(given: object) -> Definition:
    """One hyperparameter as `experiment_cfg.json` holds it.

    Raises:
        UnsupportedError: it has no counterpart, or is not understood.
    """
    if not isinstance(given, Mapping):
        raise UnsupportedError('must be an object, such as {"min": 0, "max": 1}')
    if "parameters" in given:
        raise UnsupportedError(
            "nested parameters are not supported; give each a name of its own, such as "
            "optimizer.lr",
            "parameters",
        )
    for key in given:
        if key not in _CALLED:
            raise UnsupportedError(f"unknown key; known: {', '.join(sorted(_CALLED))}", str(key))
    kind = given["distribution"] if "distribution" in given else _implied(given)
    convert = _KINDS.get(kind) if isinstance(kind, str) else None
    if convert is None:
        why = _UNSUPPORTED if kind in ("beta", "q_beta") else "is no distribution of W&B's;"
        raise UnsupportedError(f"{kind!r} {why} supported: {', '.join(_KINDS)}", "distribution")
    return convert({**given, **{key: _number(given, key) for key in _NUMBERS if key in given}})


_UNSUPPORTED = "has no counterpart here;"


def _implied(given: Mapping[str, Any]) -> str:
    """The distribution that W&B assumes where none is named."""
    if "values" in given:
        return "categorical_w_probabilities" if "probabilities" in given else "categorical"
    if "value" in given:
        return "constant"
    if "min" in given and "max" in given:
        ends = (_number(given, "min"), _number(given, "max"))
        return "int_uniform" if all(isinstance(end, int) for end in ends) else "uniform"
    raise UnsupportedError("needs a value, values, or min and max")


def _number(given: Mapping[str, Any], key: str) -> int | float:
    """A number; YAML takes 1e-5, without a point, for a text."""
    value = given.get(key)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise UnsupportedError(f"must be a number, got {value!r}", key) from None
    if not is_number(value):
        what = "is missing" if value is None else f"must be a number, got {value!r}"
        raise UnsupportedError(what, key)
    return value


def _categorical(given: Mapping[str, Any]) -> Definition:
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise UnsupportedError(f"must be a list of values, got {values!r}", "values")
    chosen: Definition = {"type": "choice", "candidates": values}
    if given.get("probabilities") is not None:
        chosen["probabilities"] = given["probabilities"]
    return chosen


def _constant(given: Mapping[str, Any]) -> Definition:
    if "value" not in given:
        raise UnsupportedError("is missing", "value")
    return {"type": "constant", "value": given["value"]}


def _range(type_: str, scale: Callable[[float], float] = lambda bound: bound) -> Any:
    """A converter for a distribution between two bounds, given as they are or as logarithms."""

    def convert(given: Mapping[str, Any]) -> Definition:
        ends = sorted((scale(_number(given, "min")), scale(_number(given, "max"))))
        if "q" not in str(given.get("distribution")).split("_"):
            return {"type": type_, "min": ends[0], "max": ends[1]}
        step = _number(given, "q") if "q" in given else 1
        low, high = (round(end / step) * step for end in ends) if type_ == "uniform" else ends
        return {"type": type_, "min": low, "max": high, "step": step}

    return convert


def _int_uniform(given: Mapping[str, Any]) -> Definition:
    low, high = _number(given, "min"), _number(given, "max")
    if low != int(low) or high != int(high):
        raise UnsupportedError(f"needs whole bounds, got {low} and {high}", "distribution")
    return {"type": "int", "min": int(low), "max": int(high)}


def _bell(type_: str) -> Any:
    """A converter for a distribution with a mean and a deviation."""

    def convert(given: Mapping[str, Any]) -> Definition:
        found: Definition = {
            "type": type_,
            "mu": given.get("mu", 0),
            "sigma": given.get("sigma", 1),
        }
        if str(given.get("distribution")).startswith("q_"):
            found["step"] = given.get("q", 1)
        return found

    return convert


def _inverse(exponent: float) -> float:
    return math.exp(-exponent)


_KINDS: dict[str, Callable[[Mapping[str, Any]], Definition]] = {
    "constant": _constant,
    "categorical": _categorical,
    "categorical_w_probabilities": _categorical,
    "int_uniform": _int_uniform,
    "uniform": _range("uniform"),
    "q_uniform": _range("uniform"),
    "log_uniform": _range("loguniform", math.exp),
    "log_uniform_values": _range("loguniform"),
    "q_log_uniform": _range("loguniform", math.exp),
    "q_log_uniform_values": _range("loguniform"),
    # the logarithm of 1/X is uniform just where that of X is
    "inv_log_uniform": _range("loguniform", _inverse),
    "inv_log_uniform_values": _range("loguniform"),
    "normal": _bell("normal"),
    "q_normal": _bell("normal"),
    "log_normal": _bell("lognormal"),
    "q_log_normal": _bell("lognormal"),
}
