"""First runs: combinations given by the user, completed at random."""

from collections.abc import Sequence
from functools import partial
from random import Random

from pydantic import JsonValue

from .distributions import Distribution
from .space import Combination, Space, combination_key

_MOST_DRAWS = 10_000


def complete_combination(
    space: Space, given: Combination, seed: int, number: int, taken: Sequence[Combination] = ()
) -> Combination:
    """Return a combination with the given values. Missing ones are drawn at random.

    Raises:
        LookupError: none was found that meets the constraints and is not among those `taken`.
    """
    keys = {combination_key(combination) for combination in taken}
    for attempt in range(_MOST_DRAWS):
        found = space.build(partial(_given_or_drawn, given, f"{seed}/first {number}+{attempt}"))
        if space.allows(found) and combination_key(found) not in keys:
            return found
    raise LookupError


def _given_or_drawn(
    given: Combination, key: str, name: str, distribution: Distribution
) -> JsonValue:
    if name in given:
        return distribution.as_listed(given[name])
    return distribution.sample(Random(f"{key}/{name}"))


def is_complete(space: Space, given: Combination) -> bool:
    """Return whether no part of a first run is left to chance."""
    has_drawn = False

    def draw(name: str, distribution: Distribution) -> JsonValue:
        nonlocal has_drawn
        has_drawn = has_drawn or (name not in given and distribution.count != 1)
        return _given_or_drawn(given, "", name, distribution)

    space.build(draw)
    return not has_drawn
