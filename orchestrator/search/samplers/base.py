"""The interface of all samplers, and the common part of those that follow a fixed sequence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import ClassVar, Protocol

from pydantic import JsonValue

from ...store.histories.history import HistoryEvent
from ..space import Combination, Space, combination_key

_DRAWS_BEFORE_LISTING = 200
_MOST_LISTED = 100_000


class Sampler(Protocol):
    """Returns combination 1, 2, … of a sweep, or `None` if there is no other.

    The result depends only on the search space, the seed, the number and the history, so that a
    resumed sweep continues as if nothing had happened. `learns` means that it uses the history: it
    may then take a while, and is called in a thread. `trouble` is a message for the user.
    """

    learns: ClassVar[bool]
    trouble: str | None

    def combination(
        self, number: int, history: Sequence[HistoryEvent] = ()
    ) -> Combination | None: ...

    @property
    def why_exhausted(self) -> str:
        """Why there was no other combination."""
        ...


class SeenCombinations:
    """Distinguishes new combinations from those already returned.

    Args:
        draws_copies: whether draws can be the same even in a continuous space.
    """

    def __init__(
        self,
        space: Space,
        taken: Iterable[Mapping[str, JsonValue]] = (),
        *,
        draws_copies: bool = False,
    ) -> None:
        self._space = space
        self._keys = {combination_key(combination) for combination in taken}
        self._may_repeat = draws_copies or space.may_repeat or bool(self._keys)
        self._rest: list[Combination] | None = None

    @property
    def may_repeat(self) -> bool:
        """Whether a draw can be the same as an earlier one. The same seed draws the same again."""
        return self._may_repeat

    @property
    def is_listable(self) -> bool:
        return (self._space.n_at_most or _MOST_LISTED + 1) <= _MOST_LISTED

    @property
    def n_taken(self) -> int:
        return len(self._keys)

    def is_listed(self) -> bool:
        """Return whether new combinations are rarely drawn, so that the rest was listed."""
        return self._rest is not None

    def why_exhausted(self, n_draws: int) -> str:
        """Explain why there is no new combination, after so many draws in vain."""
        if self.is_listed():
            return f"every combination of the search space has been run: {self.n_taken}"
        return (
            f"no combination that is new and meets the constraints was found in {n_draws:,} draws"
        )

    def take(self, combination: Combination) -> bool:
        """Mark a combination as returned, and return whether it is new and allowed."""
        if not self._space.allows(combination):
            return False
        if not self._may_repeat:
            return True
        key = combination_key(combination)
        is_new = key not in self._keys
        self._keys.add(key)
        return is_new

    def take_from_rest(self, random: Random) -> Combination | None:
        """Return one of the remaining combinations, each equally likely, or `None` if there is
        none."""
        if self._rest is None:
            self._rest = list(self._space.combinations())
        self._rest = [c for c in self._rest if combination_key(c) not in self._keys]
        if not self._rest:
            return None
        chosen = self._rest[int(random.random() * len(self._rest))]
        self._keys.add(combination_key(chosen))
        return chosen


class SequenceSampler:
    """A sequence of combinations that is fixed from the start, each of them once.

    `taken` have already run: they are skipped.
    """

    learns: ClassVar[bool] = False
    most_draws: ClassVar[int] = 10_000

    def __init__(
        self, space: Space, seed: int, taken: Iterable[Mapping[str, JsonValue]] = ()
    ) -> None:
        self._space = space
        self._seed = seed
        self._unseen = SeenCombinations(space, taken)
        self._found: list[Combination] = []
        self.trouble: str | None = None

    def combination(self, number: int, history: Sequence[HistoryEvent] = ()) -> Combination | None:
        """Return the hyperparameters of combination `number`, counted from 1."""
        if not self._unseen.may_repeat and self._is_independent:
            return self._next(number)
        while len(self._found) < number:
            found = self._next(len(self._found) + 1)
            if found is None:
                return None
            self._found.append(found)
        return self._found[number - 1]

    @property
    def why_exhausted(self) -> str:
        if self._unseen.is_listed() or self._space.n_at_most is not None:
            return f"every combination of the search space has been run: {self._unseen.n_taken}"
        return (
            "no combination that is new and meets the constraints was found in "
            f"{self.most_draws:,} draws"
        )

    @property
    def _is_independent(self) -> bool:
        """Whether the candidates of each number are its own, independent of those before."""
        return False

    def _candidates(self, number: int) -> Iterator[Combination]:
        raise NotImplementedError

    def _next(self, number: int) -> Combination | None:
        is_listable = self._unseen.is_listable and self._space.may_repeat
        draws = _DRAWS_BEFORE_LISTING if is_listable else self.most_draws
        if not self._unseen.is_listed():
            for candidate in islice(self._candidates(number), draws):
                if self._unseen.take(candidate):
                    return candidate
        if not is_listable:
            return None
        return self._unseen.take_from_rest(Random(f"{self._seed}/{number}"))
