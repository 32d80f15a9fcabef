"""Thinning: which steps of a name are kept, as a script says with `keep=`."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_MOST_DIGITS = 9
_HINT = "Write 'every 100' (steps that are multiples of 100) or 'last 5'"


class Keep:
    """One rule: steps that are multiples of `every`, or the `last` ones that were logged."""

    __slots__ = ("every", "last")

    def __init__(self, every: int | None = None, last: int | None = None) -> None:
        self.every: Final = every
        self.last: Final = last

    def wants(self, step: int) -> bool:
        """Whether something of this step is written at all."""
        return self.every is None or step % self.every == 0


ALL = Keep()


def parse_keep(keep: object) -> Keep:
    """
    Raises:
        TypeError: it is neither a text nor None.
        ValueError: it is no rule.
    """
    if keep is None:
        return ALL
    if not isinstance(keep, str):
        raise TypeError(f"keep must be a text, not {type(keep).__qualname__}. {_HINT}")
    word, _, digits = keep.strip().partition(" ")
    is_number = digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS
    number = int(digits) if is_number else 0
    if word not in ("every", "last") or not number:
        raise ValueError(f"keep={keep!r} is not a rule. {_HINT}")
    return Keep(every=number) if word == "every" else Keep(last=number)
