"""What a training script passed: as a whole number, and in the words of a message."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import SupportsFloat

_NOT_REAL_KINDS = "cmMSU"  # numpy's complex, timedelta, datetime, bytes and text


def as_whole(given: object) -> int | None:
    """Return a whole number of any library, such as 4096.0, or None if it is not one."""
    try:
        return int(given.__index__())  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError, RuntimeError):
        if isinstance(given, complex) or not is_one_real(given):
            return None
    try:
        detach = getattr(given, "detach", None)
        value = detach() if callable(detach) else given
        number = float(only_element(value) if getattr(value, "ndim", 0) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    return int(number) if number.is_integer() else None


def is_one_real(value: object) -> bool:
    """Return whether it is one real number, also as an array of one element."""
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
    """Return whether it is an array such as `[[15.0]]`."""
    return all(length == 1 for length in getattr(array, "shape", (0,)))


def only_element(array: object) -> "SupportsFloat":
    """Return the number in an array such as `[[15.0]]`."""
    item = getattr(array, "item", None)  # numpy warns when such an array is made a float
    return item() if callable(item) else array  # type: ignore[return-value]


def described(given: object) -> str:
    """Return what was given, and its type, for a message."""
    return f"{in_short(given)} ({type(given).__module__}.{type(given).__qualname__})".replace(
        "(builtins.", "("
    )


def in_short(given: object) -> str:
    """Return what was given, in up to 80 characters, for a message."""
    if isinstance(given, int) and given.bit_length() > 256:
        return f"an integer of {given.bit_length()} bits"
    try:
        text = repr(given)
    except Exception:  # noqa: BLE001 - a foreign object can raise anything, and the mistake is still reported
        return "an object without a repr"
    text = text.encode("ascii", "backslashreplace").decode() if "\\ud" in text else text
    return text if len(text) <= 80 else f"{text[:77]}…"
