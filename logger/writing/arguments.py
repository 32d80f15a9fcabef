"""Check what a training script passes to the logger, and explain what is wrong.

Imported at once but rarely called: for a metric's first value, for numbers that are no plain
`float`, and after an error.
"""

from ..given import as_whole, described, in_short, is_one_real, only_element
from ..records import MAX_NAME_BYTES

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import SupportsFloat, SupportsIndex

_MIN_STEP, _MAX_STEP = -(1 << 63), (1 << 63) - 1


def checked_name(
    name: object, kind: str = "metric", order: str = "add_scalar(name, value, step)"
) -> str:
    """Check the name of a metric, or of an image or the like, and return it.

    Args:
        kind: what has this name.
        order: the arguments of the call.

    Raises:
        TypeError: it is no string.
        ValueError: it is empty, too long, or no valid Unicode.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"{_name_of(kind)} must be a string, not {described(name)}. The order is {order}"
        )
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{_name_of(kind)} must be valid Unicode, but {in_short(name)} has a lone "
            f"surrogate at position {error.start}. Replace that character"
        ) from None
    if size_bytes == 0:
        raise ValueError(f"{_name_of(kind)} must not be empty. Name it, as in 'loss'")
    if size_bytes > MAX_NAME_BYTES:
        raise ValueError(
            f"{_name_of(kind)} may take up to {MAX_NAME_BYTES} bytes in UTF-8, but "
            f"{in_short(name)} takes {size_bytes}. Shorten it"
        )
    return str(name)


def _name_of(kind: str) -> str:
    article = {"image": "an ", "audio": ""}.get(kind, "a ")
    return f"the name of {article}{kind}"


def checked_value(name: object, value: "SupportsFloat | SupportsIndex") -> float:
    """Convert a value to a float. NaN and infinities are values too.

    Raises:
        TypeError: it is not one real number.
        ValueError: it is too large for a float.
    """
    if isinstance(value, (float, int)):
        return _as_float(name, value)
    if not is_one_real(value):
        raise TypeError(
            f"the value of metric {in_short(name)} must be one real number, not "
            f"{described(value)}. {_value_hint(value)}"
        )
    # torch warns when a tensor that takes part in a gradient is made a number
    detach = getattr(value, "detach", None)
    value = detach() if callable(detach) else value
    return _as_float(name, only_element(value) if getattr(value, "ndim", 0) else value)


def _as_float(name: object, value: "SupportsFloat | SupportsIndex") -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            f"the value of metric {in_short(name)} is too large for a float: "
            f"{described(value)}. Log its logarithm, or float('inf')"
        ) from None
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"the value of metric {in_short(name)} must be one real number, but "
            f"{described(value)} does not become one: {error}"
        ) from error


def checked_step(name: object, step: "SupportsIndex", kind: str = "metric") -> int:
    """Convert a step to an int. A float or an array of one element must be whole.

    Raises:
        TypeError: it is no whole number.
        ValueError: it does not fit into 64 bits.
    """
    index = step if type(step) is int else as_whole(step)
    if index is None:
        has_float = hasattr(type(step), "__float__")
        hint = f"Use int(step), as in {_example(step)}" if has_float else "Count steps as an int"
        raise TypeError(
            f"the step of {kind} {in_short(name)} must be a whole number, not "
            f"{described(step)}. {hint}"
        )
    if not _MIN_STEP <= index <= _MAX_STEP:
        raise ValueError(
            f"the step of {kind} {in_short(name)} must fit into 64 bits (from {_MIN_STEP} to "
            f"{_MAX_STEP}), but it is {described(step)}"
        )
    return index


def checked_budget(n_bytes: "SupportsIndex") -> int:
    """Convert the budget of a run's media to an int.

    Raises:
        TypeError: it is no whole number.
        ValueError: it is negative.
    """
    found = None if isinstance(n_bytes, bool) else as_whole(n_bytes)
    hint = "For 2 GB pass 2_000_000_000, and leave it out for 1 GB"
    if found is None:
        raise TypeError(
            f"media_budget_bytes must be a whole number of bytes, not {described(n_bytes)}. {hint}"
        )
    if found < 0:
        raise ValueError(f"media_budget_bytes must be 0 or more, not {in_short(n_bytes)}. {hint}")
    return found


def check_scalars(values: object) -> None:
    """Check that the argument of `add_scalars` is a mapping.

    Raises:
        TypeError: it is not a mapping.
    """
    if not hasattr(values, "items"):
        raise TypeError(
            f"add_scalars takes a dict of names and values, not {type(values).__qualname__}. "
            "Example: add_scalars({'loss': 0.5, 'accuracy': 0.9}, step)"
        )


def checked_directions(directions: "Mapping[str, bool]") -> "dict[str, bool]":
    """Check which values are good, by metric.

    Raises:
        TypeError: it is no mapping, or the name of a metric is no string.
        ValueError: a name is empty, too long, or no valid Unicode.
    """
    if not hasattr(directions, "items"):
        raise TypeError(
            f"higher_is_better takes a dict of metrics, not {type(directions).__qualname__}. "
            "Example: higher_is_better={'accuracy': True, 'loss': False}"
        )
    return {checked_name(name): bool(is_better) for name, is_better in directions.items()}


def _value_hint(value: object) -> str:
    if getattr(value, "ndim", 0):
        return "Reduce it first, as in value.mean(), or pass one element, as in value[0].item()"
    if isinstance(value, (str, bytes, bytearray)):
        return "Convert it first: float(value)"
    if isinstance(value, complex) or "complex" in str(getattr(value, "dtype", "")):
        return "Log its real part, its imaginary part or its modulus: abs(value)"
    if value is None:
        return "Leave out the call if there is no value"
    return "Pass a float, an int, a numpy scalar or a 0-d array or tensor"


def _example(step: object) -> str:
    try:
        return f"{int(step)}"  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return "1"
