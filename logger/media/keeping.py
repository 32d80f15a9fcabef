"""Thinning: which steps of a name are kept, as set with `keep=`."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from .entries import MediaEntry

_MOST_DIGITS = 9
_HINT = "Write 'every 100' (steps that are multiples of 100) or 'last 5'"


class Keep:
    """One rule: steps that are multiples of `every`, or the `last` ones that were logged."""

    __slots__ = ("every", "last")

    def __init__(self, every: int | None = None, last: int | None = None) -> None:
        self.every: Final = every
        self.last: Final = last

    def wants(self, step: int) -> bool:
        """Return whether this step is written at all."""
        return self.every is None or step % self.every == 0


ALL = Keep()


def parse_keep(keep: object) -> Keep:
    """Parse the argument `keep`.

    Raises:
        TypeError: it is neither a string nor None.
        ValueError: it is no rule.
    """
    if keep is None:
        return ALL
    if not isinstance(keep, str):
        raise TypeError(f"keep must be a string, not {type(keep).__qualname__}. {_HINT}")
    word, _, digits = keep.strip().partition(" ")
    is_number = digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS
    number = int(digits) if is_number else 0
    if word not in ("every", "last") or not number:
        raise ValueError(f"keep={keep!r} is not a rule. {_HINT}")
    return Keep(every=number) if word == "every" else Keep(last=number)


def last_steps(entries: "Sequence[MediaEntry]") -> "list[MediaEntry]":
    """Return the entries of one name, in the order logged, that `keep="last n"` leaves."""
    if not any(entry.keep for entry in entries):
        return list(entries)
    kept: list[MediaEntry] = []
    n_steps, step = 0, None
    for entry in reversed(entries):
        if entry.keep:
            n_steps += entry.step != step
            step = entry.step
        if not entry.keep or n_steps <= entry.keep:
            kept.append(entry)
    return kept[::-1]


def continued(entries: "Sequence[MediaEntry]", step: int) -> "list[MediaEntry]":
    """Return the entries that still count after another process continued their name at a step."""
    return [entry for entry in entries if entry.step < step]
