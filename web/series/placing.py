"""Where values of any size are in a small drawing. Pure. For charts see `drawing/ranges.js`."""

_ROUNDING = 1e-13  # a value that changes by less of its size only rounds
_TINY = 1e-300  # smaller than that is nothing


def is_flat(low: float, high: float) -> bool:
    """Whether two values are one, apart from rounding."""
    half = high / 2 - low / 2  # the whole may be more than a number holds
    return half <= max(abs(low), abs(high)) / 2 * _ROUNDING or half < _TINY


def part_between(value: float, low: float, high: float) -> float:
    """From 0 to 1; in the middle where both are one."""
    return 0.5 if is_flat(low, high) else (value / 2 - low / 2) / (high / 2 - low / 2)
