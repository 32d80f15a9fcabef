"""Which leader runs with which seed next, and who is out of the race. Pure.

A Bayesian race (Moore and Lee 1994, "Efficient algorithms for minimizing cross validation error",
irace of López-Ibáñez et al. 2016 does the same with Friedman's test): seed after seed, all
remaining leaders run with the same one. After each seed, from the second on, those are dropped that
are the best with a probability below `DROP_BELOW`. A decision waits until all runs up to its seed
have ended, so it depends only on their values, not on which came first.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

DROP_BELOW = 0.01
_FIRST_DECISION = 2

Value = float | None | Literal["running"]
"""The value of a run, or None if it ended without one."""


@dataclass(frozen=True)
class DroppedLeader:
    """Why a leader is out of the race, after which seed (counted from 1)."""

    combination: int
    repeat: int
    reason: str


@dataclass(frozen=True)
class RaceStep:
    """What to do next: `run` (combination, repeat), "wait", or None if the race is over."""

    run: tuple[int, int] | Literal["wait"] | None
    dropped: Sequence[DroppedLeader]


def next_step(
    leaders: Sequence[int],
    values: Mapping[int, Mapping[int, Value]],
    n_seeds: int,
    known: Sequence[DroppedLeader] = (),
) -> RaceStep:
    """Decide from the known values of each leader's runs so far.

    Args:
        leaders: combinations, the best of the search first.
        values: by combination and repeat. Larger is better.
        known: who was dropped before, which is final.
    """
    left, dropped = list(leaders), list(known)
    for repeat in range(1, n_seeds + 1):
        for leader in left:
            if repeat not in values.get(leader, {}):
                return RaceStep((leader, repeat), dropped)
        if repeat < _FIRST_DECISION or repeat == n_seeds:
            continue
        if any(_is_running(values[leader], repeat) for leader in left):
            return RaceStep("wait", dropped)
        if len(left) > 1:
            dropped += _newly_dropped(leaders, left, values, repeat, dropped)
        left = [one for one in left if not _is_out(one, repeat, dropped)]
    is_running = any("running" in values.get(leader, {}).values() for leader in leaders)
    return RaceStep("wait" if is_running else None, dropped)


def _is_running(values: Mapping[int, Value], repeat: int) -> bool:
    return any(value == "running" for number, value in values.items() if number <= repeat)


def _is_out(leader: int, repeat: int, dropped: Sequence[DroppedLeader]) -> bool:
    return any(one.combination == leader and one.repeat <= repeat for one in dropped)


def _newly_dropped(
    leaders: Sequence[int],
    left: Sequence[int],
    values: Mapping[int, Mapping[int, Value]],
    repeat: int,
    known: Sequence[DroppedLeader],
) -> list[DroppedLeader]:
    """Return those that are out after this seed, never all of them."""
    silent = {leader: _silent(values[leader], repeat) for leader in left}
    found = [
        DroppedLeader(leader, repeat, f"no value with seed {number}")
        for leader, number in silent.items()
        if number is not None and len(left) > sum(one is not None for one in silent.values())
    ]
    shown = {one: _numbers(values.get(one, {}), repeat) for one in leaders}
    chances = _chances(
        tuple((one, tuple(sorted(row.items()))) for one, row in shown.items() if row)
    )
    out = {one.combination for one in (*found, *known)}
    found += [
        DroppedLeader(leader, repeat, f"the best with a probability of {chances[leader]:.1%}")
        for leader in left
        if leader not in out and chances.get(leader, 1.0) < DROP_BELOW
    ]
    return found


def _silent(values: Mapping[int, Value], repeat: int) -> int | None:
    """Return the first repeat that ended without a value."""
    return next((number for number in range(1, repeat + 1) if values.get(number) is None), None)


def _numbers(values: Mapping[int, Value], repeat: int) -> dict[int, float]:
    return {
        number: value
        for number, value in values.items()
        if number <= repeat and isinstance(value, float) and math.isfinite(value)
    }


@lru_cache(maxsize=16)  # each slot goes through the seeds again
def _chances(values: tuple[tuple[int, tuple[tuple[int, float], ...]], ...]) -> dict[int, float]:
    """Return the probability of each leader to be the best.

    Empty if the noise is not known, as when the seed changes nothing: then nobody is dropped.
    """
    from .verdicts import Candidate, verdict_of

    candidates = [Candidate(number, None, {}, dict(row)) for number, row in values]
    verdict = verdict_of(candidates, "max")
    if verdict is None:
        return {}
    chances = {leader.candidate.number: leader.probability for leader in verdict.leaders}
    return {number: chance for number, chance in chances.items() if chance is not None}
