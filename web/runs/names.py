"""The order of names that people expect. Pure."""

import re

_DIGITS = re.compile(r"([0-9]+)")


def natural_key(name: str) -> tuple[str | tuple[int, str], ...]:
    """Return a sort key for names: numbers in them count as numbers, so that 2 comes before 10.

    Texts and numbers alternate, a text first, so that two keys can always be compared.
    """
    parts = _DIGITS.split(name.casefold())
    return tuple(_number(part) if n % 2 else part for n, part in enumerate(parts))


def _number(digits: str) -> tuple[int, str]:
    """Return a sort key for a number of any length: the longer one is larger."""
    value = digits.lstrip("0")
    return len(value), value
