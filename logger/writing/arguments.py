"""What a training script may pass to the logger, and the message if it passes something else.

Loaded at once but called only off the beaten track: for a metric's first value, for numbers that
are no plain `float`, and when something was wrong.
"""

from ..records import MAX_NAME_BYTES

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import SupportsFloat, SupportsIndex

_MIN_STEP, _MAX_STEP = -(1 << 63), (1 << 63) - 1
_NOT_REAL_KINDS = "cmMSU"  # numpy's complex, timedelta, datetime, bytes and text


def checked_name(name: object) -> str:
    """The name of a metric.

    Raises:
        TypeError: it is no string.
        ValueError: it is empty, too long, or no valid Unicode.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"the name of a metric must be a string, not {_described(name)}. "
            "The order is add_scalar(name, value, step)"
        )
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError as error:
        raise ValueError(
            f"the name of a metric must be valid Unicode, but {_shortened(name)} has a lone "
            f"surrogate at position {error.start}. Replace that character"
        ) from None
    if size_bytes == 0:
        raise ValueError("the name of a metric must not be empty. Name it, as in 'loss'")
    if size_bytes > MAX_NAME_BYTES:
        raise ValueError(
            f"the name of a metric may take up to {MAX_NAME_BYTES} bytes in UTF-8, but "
            f"{_shortened(name)} takes {size_bytes}. Shorten it"
        )
    return str(name)


def checked_value(name: object, value: "SupportsFloat | SupportsIndex") -> float:
    """The value as a float. NaN and infinities are values too.

    Raises:
        TypeError: it is not one real number.
        ValueError: it is too large for a float.
    """
    if isinstance(value, (float, int)):
        return _as_float(name, value)
    if not _is_one_real(value):
        raise TypeError(
            f"the value of metric {_shortened(name)} must be one real number, not "
            f"{_described(value)}. {_value_hint(value)}"
        )
    # torch warns when a tensor that takes part in a gradient is made a number
    detach = getattr(value, "detach", None)
    value = detach() if callable(detach) else value
    return _as_float(name, _only_element(value) if getattr(value, "ndim", 0) else value)


def _as_float(name: object, value: "SupportsFloat | SupportsIndex") -> float:
    try:
        return float(value)
    except OverflowError:
        raise ValueError(
            f"the value of metric {_shortened(name)} is too large for a float: "
            f"{_described(value)}. Log its logarithm, or float('inf')"
        ) from None
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"the value of metric {_shortened(name)} must be one real number, but "
            f"{_described(value)} does not become one: {error}"
        ) from error


def checked_step(name: object, step: "SupportsIndex") -> int:
    """The step as an int. A float or an array of one element may be whole.

    Raises:
        TypeError: it is no whole number.
        ValueError: it does not fit into 64 bits.
    """
    index = _whole(step)
    if index is None:
        has_float = hasattr(type(step), "__float__")
        hint = f"Use int(step), as in {_example(step)}" if has_float else "Count steps as an int"
        raise TypeError(
            f"the step of metric {_shortened(name)} must be a whole number, not "
            f"{_described(step)}. {hint}"
        )
    if not _MIN_STEP <= index <= _MAX_STEP:
        raise ValueError(
            f"the step of metric {_shortened(name)} must fit into 64 bits (from {_MIN_STEP} to "
            f"{_MAX_STEP}), but it is {_described(step)}"
        )
    return index


def check_scalars(values: object) -> None:
    """See that what `add_scalars` was given is a mapping.

    Raises:
        TypeError: it is none.
    """
    if not hasattr(values, "items"):
        raise TypeError(
            f"add_scalars takes a dict of names and values, not {type(values).__qualname__}. "
            "Example: add_scalars({'loss': 0.5, 'accuracy': 0.9}, step)"
        )


def checked_directions(directions: "Mapping[str, bool]") -> "dict[str, bool]":
    """Which values are good, by metric.

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


def _whole(step: object) -> int | None:
    """The whole number that a step is, or None."""
    try:
        return int(step.__index__())  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError, RuntimeError):
        if isinstance(step, complex) or not _is_one_real(step):
            return None
    try:
        detach = getattr(step, "detach", None)
        given = detach() if callable(detach) else step
        number = float(_only_element(given) if getattr(given, "ndim", 0) else given)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    return int(number) if number.is_integer() else None


def _is_one_real(value: object) -> bool:
    if isinstance(value, (str, bytes, bytearray, complex)):
        return False
    kind = type(value)
    if not hasattr(kind, "__float__") and not hasattr(kind, "__index__"):
        return False
    dtype = getattr(value, "dtype", None)
    if getattr(dtype, "kind", "f") in _NOT_REAL_KINDS or "complex" in str(dtype):
        return False
    return getattr(value, "ndim", 0) == 0 or _has_one_element(value)


def _has_one_element(array: object) -> bool:
    """Whether it is an array such as `[[15.0]]`."""
    return all(length == 1 for length in getattr(array, "shape", (0,)))


def _only_element(array: object) -> "SupportsFloat":
    item = getattr(array, "item", None)  # numpy warns when such an array is made a float
    return item() if callable(item) else array  # type: ignore[return-value]


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


def _described(given: object) -> str:
    return f"{_shortened(given)} ({type(given).__module__}.{type(given).__qualname__})".replace(
        "(builtins.", "("
    )


def _shortened(given: object) -> str:
    if isinstance(given, int) and given.bit_length() > 256:
        return f"an integer of {given.bit_length()} bits"
    try:
        text = repr(given)
    except Exception:  # noqa: BLE001 - a foreign object can raise anything, and the mistake is still reported
        return "an object without a repr"
    text = text.encode("ascii", "backslashreplace").decode() if "\\ud" in text else text
    return text if len(text) <= 80 else f"{text[:77]}…"
