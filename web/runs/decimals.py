"""How far numbers of a column are moved to the left, so that their points are below one another.

Each keeps the digits it has. What the longest fraction (or power of ten: ``1.375e-5``) has more is
left free, as wide as these digits would be. `static/lib/decimals.js` continues with it while values
change and rows come. Pure.
"""

import re
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"−?\d+((?:\.\d+)?(?:e-?\d+)?)")


def pads(texts: Sequence[str]) -> list[str]:
    """What each text of a column lacks behind its end, "" where it is no plain number."""
    longest = "." + "0" * (max(_lengths(texts), default=0) - 1)
    return [_pad(text, longest) for text in texts]


def _lengths(texts: Iterable[str]) -> Iterable[int]:
    return (len(found[1]) for text in texts if (found := _NUMBER.fullmatch(text)))


def _pad(text: str, longest: str) -> str:
    found = _NUMBER.fullmatch(text)
    return longest[len(found[1]) :] if found and longest != "." else ""
