"""Align the numbers of a column at their decimal points.

Each number keeps its digits. The space that the longest fraction (or power of ten: ``1.375e-5``)
needs more is left free, as wide as these digits. `static/lib/decimals.js` continues with it while
values change and rows are added. Pure.
"""

import re
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"−?\d+((?:\.\d+)?(?:e-?\d+)?)")


def pads(texts: Sequence[str]) -> list[str]:
    """Return what each text of a column lacks at its end, "" for texts that are no plain
    numbers."""
    longest = "." + "0" * (max(_lengths(texts), default=0) - 1)
    return [_pad(text, longest) for text in texts]


def _lengths(texts: Iterable[str]) -> Iterable[int]:
    return (len(found[1]) for text in texts if (found := _NUMBER.fullmatch(text)))


def _pad(text: str, longest: str) -> str:
    found = _NUMBER.fullmatch(text)
    return longest[len(found[1]) :] if found and longest != "." else ""
