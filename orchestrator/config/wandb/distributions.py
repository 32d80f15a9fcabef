"""Convert one parameter of a W&B sweep file to one of our hyperparameters.

The rules follow W&B's schema (`sweeps` 0.3.0): each distribution has its own keys, and without
`distribution` the keys determine it.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import did_you_mean
from ...search.distributions import MOST_STEPS
from ...store.files.fields import is_number
from ..value_checks import show_value
from ..yaml_files import Scientific, is_scientific, plain_json

WandbParameter = dict[str, Any]
_RANGE, _ROUNDED, _BELL = ("min", "max"), ("min", "max", "q"), ("mu", "sigma")
DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "constant": ("value",),
    "categorical": ("values",),
    "categorical_w_probabilities": ("values", "probabilities"),
    "int_uniform": _RANGE,
    "uniform": _RANGE,
    "q_uniform": _ROUNDED,
    "log_uniform": _RANGE,
    "log_uniform_values": _RANGE,
    "q_log_uniform": _ROUNDED,
    "q_log_uniform_values": _ROUNDED,
    "inv_log_uniform": _RANGE,
    "inv_log_uniform_values": _RANGE,
    "normal": _BELL,
    "q_normal": (*_BELL, "q"),
    "log_normal": _BELL,
    "q_log_normal": (*_BELL, "q"),
    "beta": ("a", "b"),
    "q_beta": ("a", "b", "q"),
}
"""The keys of each distribution."""
_KEYS = {key for keys in DISTRIBUTIONS.values() for key in keys} | {"distribution", "parameters"}
_OPTIONAL: Mapping[str, float] = {"mu": 0, "sigma": 1, "a": 1, "b": 1, "q": 1}
_NUMBERS = ("min", "max", "q", "mu", "sigma", "a", "b")
_ABOVE_0 = {
    "q": "",
    "sigma": ": with 0 W&B draws NaN",
    "a": ": with 0 W&B draws NaN",
    "b": ": with 0 W&B draws NaN",
}
_IN_A_GRID = ("constant", "categorical", "int_uniform", "q_uniform")
_LARGEST_EXPONENT = 700


class UnsupportedError(ValueError):
    """A parameter with a mistake, or without a counterpart. `key` is the place in it."""

    def __init__(self, message: str, key: str = "") -> None:
        self.key = key
        super().__init__(message)


def convert_parameter(given: object, is_grid: bool = False) -> WandbParameter:
    """Return one hyperparameter as `experiment_cfg.json` holds it.

    Raises:
        UnsupportedError: W&B does not accept it, or it has no counterpart.
    """
    if not isinstance(given, Mapping):
        example = show_value(plain_json(given)) if is_number(given) else "0.1"
        raise UnsupportedError(
            f'must be an object, such as {{"value": {example}}} or {{"min": 0, "max": 1}}'
        )
    kind = _kind_of(given)
    _check_keys(kind, given)
    if is_grid and kind not in _IN_A_GRID:
        raise UnsupportedError(
            f"a grid cannot use {kind}: list the values, or choose method random",
            "distribution" if "distribution" in given else "",
        )
    numbers = {key: number_setting(given, key) for key in DISTRIBUTIONS[kind] if key in _NUMBERS}
    _check_numbers(numbers)
    if kind == "q_uniform" and is_grid:
        return _steps(numbers)
    return _CONVERT[kind](given, numbers)


def _kind_of(given: Mapping[str, Any]) -> str:
    """Return the distribution that is named, or that W&B infers."""
    if "distribution" in given:
        kind = given["distribution"]
        if not isinstance(kind, str) or kind not in DISTRIBUTIONS:
            hint = did_you_mean(str(kind), DISTRIBUTIONS)
            raise UnsupportedError(
                f"{show_value(kind)} is not a distribution of W&B{hint} "
                f"(known: {', '.join(DISTRIBUTIONS)})",
                "distribution",
            )
        return kind
    if "values" in given:
        return "categorical_w_probabilities" if "probabilities" in given else "categorical"
    if "value" in given:
        return "constant"
    if "min" in given or "max" in given:
        ends = (number_setting(given, "min"), number_setting(given, "max"))
        return "int_uniform" if all(isinstance(end, int) for end in ends) else "uniform"
    unknown = [str(key) for key in given if key not in _KEYS]
    if unknown:
        raise UnsupportedError(_unknown(unknown[0]), unknown[0])
    for key, kind in (("mu", "normal"), ("sigma", "normal"), ("a", "beta"), ("b", "beta")):
        if key in given:
            raise UnsupportedError(f"needs a distribution, such as {kind}")
    raise UnsupportedError("needs a value, values, or min and max")


def _check_keys(kind: str, given: Mapping[str, Any]) -> None:
    known = DISTRIBUTIONS[kind]
    for key in given:
        if key == "distribution" or key in known:
            continue
        if key not in _KEYS:
            raise UnsupportedError(_unknown(str(key)), str(key))
        takes = " and ".join(known)
        raise UnsupportedError(
            f"does not belong to {kind}, which takes {takes}{_better(kind, key)}", key
        )


def _unknown(key: str) -> str:
    return f"unknown key{did_you_mean(key, sorted(_KEYS))}"


def _better(kind: str, key: str) -> str:
    """Return what a user who wrote this key may have meant."""
    if f"q_{kind}" in DISTRIBUTIONS and key == "q":
        return f". q_{kind} takes q"
    if key == "q" and kind == "int_uniform":
        return '. "distribution: q_uniform" takes q'
    if key in _RANGE and kind in ("normal", "log_normal"):
        return ". For a range choose uniform or log_uniform_values"
    if key == "probabilities":
        return ". categorical_w_probabilities takes probabilities"
    return ""


def number_setting(given: Mapping[str, Any], key: str) -> int | float:
    value = given.get(key, _OPTIONAL.get(key))
    if isinstance(value, Scientific):
        value = float(value)
    elif isinstance(value, str) and is_scientific(value):
        value = float(value)  # W&B's client sends it without the quotes
    if value is None and key not in given:
        raise UnsupportedError("is missing", key)
    if not is_number(value):
        hint = ". Leave out the quotes" if isinstance(value, str) and _reads(value) else ""
        raise UnsupportedError(f"must be a number, got {show_value(value)}{hint}", key)
    if not math.isfinite(value):
        raise UnsupportedError(f"must be a finite number, got {value}", key)
    return value


def _reads(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_numbers(numbers: Mapping[str, float]) -> None:
    if "min" in numbers and not numbers["min"] < numbers["max"]:
        low, high = numbers["min"], numbers["max"]
        what = "they are reversed" if low > high else "for one value write value"
        raise UnsupportedError(f"must be less than max, got {low:g} and {high:g}: {what}", "min")
    for key, why in _ABOVE_0.items():
        if key in numbers and not numbers[key] > 0:
            raise UnsupportedError(f"must be above 0, got {numbers[key]:g}{why}", key)


def _exp(exponent: float, key: str) -> float:
    if abs(exponent) > _LARGEST_EXPONENT:
        raise UnsupportedError(f"is an exponent of e, and e^{exponent:g} is out of range", key)
    return math.exp(exponent)


def _categorical(given: Mapping[str, Any], _: Mapping[str, float]) -> WandbParameter:
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise UnsupportedError(f"must be a list of values, got {show_value(values)}", "values")
    chosen: WandbParameter = {"type": "choice", "candidates": plain_json(values)}
    if "probabilities" in DISTRIBUTIONS[_kind_of(given)]:
        chosen["probabilities"] = _probabilities(given, len(values))
    return chosen


def _probabilities(given: Mapping[str, Any], n_values: int) -> list[float]:
    """Check probabilities as W&B does: they add up to 1 within a hundred-thousandth."""
    shares = plain_json(given.get("probabilities"))
    key = "probabilities"
    if not isinstance(shares, list) or not all(is_number(p) and p >= 0 for p in shares):
        raise UnsupportedError(
            f"must be a list of numbers, 0 or more, got {show_value(shares)}", key
        )
    if len(shares) != n_values:
        raise UnsupportedError(f"needs one for each value: {n_values}, got {len(shares)}", key)
    total = math.fsum(shares)
    if not abs(total - 1) <= 1e-8 + 1e-5:
        raise UnsupportedError(f"must add up to 1, got {total:g}", key)
    return [share / total for share in shares]


def _constant(given: Mapping[str, Any], _: Mapping[str, float]) -> WandbParameter:
    if "value" not in given:
        raise UnsupportedError("is missing", "value")
    return {"type": "constant", "value": plain_json(given["value"])}


def _int_uniform(_: Mapping[str, Any], numbers: Mapping[str, float]) -> WandbParameter:
    low, high = numbers["min"], numbers["max"]
    for key in ("min", "max"):
        bound = numbers[key]
        hint = f". Write {bound:.0f}" if bound == round(bound) else ""
        if not isinstance(bound, int):
            raise UnsupportedError(
                f"must be a whole number for int_uniform, got {numbers[key]!r}{hint}", key
            )
    return {"type": "int", "min": low, "max": high}


def _steps(numbers: Mapping[str, float]) -> WandbParameter:
    """Return the steps of W&B's grid over q_uniform: min, min + q, … and never max."""
    low, high, step = (numbers[key] for key in _ROUNDED)
    count = math.ceil((high - low) / step)
    if count < 2:
        return {"type": "choice", "candidates": [low]}
    return {"type": "uniform", "min": low, "max": low + (count - 1) * step, "step": step}


def _plain_range(type_: str) -> Any:
    """Return a range between two bounds, rounded to multiples of q if there is one."""

    def convert(_: Mapping[str, Any], numbers: Mapping[str, float]) -> WandbParameter:
        low, high = numbers["min"], numbers["max"]
        if type_.endswith("loguniform") and low <= 0:
            raise UnsupportedError(f"must be above 0, got {low:g}", "min")
        return _with_step({"type": type_, "min": low, "max": high}, numbers)

    return convert


def _exponents(type_: str, sign: int = 1) -> Any:
    """Return a range between two bounds that are exponents of e."""

    def convert(_: Mapping[str, Any], numbers: Mapping[str, float]) -> WandbParameter:
        ends = sorted(_exp(sign * numbers[key], key) for key in _RANGE)
        if ends[0] == ends[1]:
            raise UnsupportedError("e^min and e^max are the same number", "min")
        return _with_step({"type": type_, "min": ends[0], "max": ends[1]}, numbers)

    return convert


def _with_step(definition: WandbParameter, numbers: Mapping[str, float]) -> WandbParameter:
    if "q" not in numbers:
        return definition
    largest = max(abs(bound) for bound in (definition.get("min", 0), definition.get("max", 0)))
    if largest / numbers["q"] > MOST_STEPS:
        raise UnsupportedError(f"is out of range: too small for values of up to {largest:g}", "q")
    return {**definition, "step": numbers["q"]}


def _shaped(type_: str) -> Any:
    """Return a bell or a beta distribution."""

    def convert(_: Mapping[str, Any], numbers: Mapping[str, float]) -> WandbParameter:
        shape = {key: value for key, value in numbers.items() if key != "q"}
        if type_ == "lognormal" and shape["mu"] + 8 * shape["sigma"] > _LARGEST_EXPONENT:
            raise UnsupportedError(
                "is out of range: it applies to the logarithm, and e^(mu + 8 sigma) overflows",
                "sigma",
            )
        return _with_step({"type": type_, **shape}, numbers)

    return convert


_CONVERT: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, float]], WandbParameter]] = {
    "constant": _constant,
    "categorical": _categorical,
    "categorical_w_probabilities": _categorical,
    "int_uniform": _int_uniform,
    "uniform": _plain_range("uniform"),
    "q_uniform": _plain_range("quniform"),
    "log_uniform": _exponents("loguniform"),
    "log_uniform_values": _plain_range("loguniform"),
    "q_log_uniform": _exponents("qloguniform"),
    "q_log_uniform_values": _plain_range("qloguniform"),
    # the logarithm of 1/X is uniform exactly if that of X is
    "inv_log_uniform": _exponents("loguniform", -1),
    "inv_log_uniform_values": _plain_range("loguniform"),
    "normal": _shaped("normal"),
    "q_normal": _shaped("normal"),
    "log_normal": _shaped("lognormal"),
    "q_log_normal": _shaped("lognormal"),
    "beta": _shaped("beta"),
    "q_beta": _shaped("beta"),
}
