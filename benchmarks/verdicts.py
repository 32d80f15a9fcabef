"""Whether the verdicts of `confirm` and `repeats` come true, on simulated sweeps with known values.

A search runs each of 30 combinations once, with noise of standard deviation 1. Its five leaders run
again with five new seeds each. The true values are all equal, normally distributed, or all equal
but one. Prints how often a winner was named and how often correctly, the error of its value before
and after the correction, the number of confirming runs, and for each range of stated probabilities
how often they came true. Nothing is trained.

    python benchmarks/verdicts.py --sweeps 400
"""

import argparse
import itertools
import statistics
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from ml_tracking_ops.orchestrator.verdict.race import DroppedLeader, Value, next_step
from ml_tracking_ops.orchestrator.verdict.verdicts import Candidate, Verdict, verdict_of

N_COMBINATIONS, TOP, SEEDS = 30, 5, 5
Truths = Callable[[Random], list[float]]


class Judged(NamedTuple):
    """A sweep's verdict, whether its first leader is the best of them, and its true value."""

    verdict: Verdict
    is_right: bool
    truth: float
    n_runs: int


def equal(random: Random) -> list[float]:
    return [0.0] * N_COMBINATIONS


def normal(spread: float) -> Truths:
    return lambda random: [random.gauss(0, spread) for _ in range(N_COMBINATIONS)]


def one_better(by: float) -> Truths:
    return lambda random: [by, *([0.0] * (N_COMBINATIONS - 1))]


KINDS: dict[str, Truths] = {
    "all equal": equal,
    "normal, 0.5": normal(0.5),
    "normal, 1": normal(1.0),
    "normal, 2": normal(2.0),
    "one better by 4": one_better(4.0),
}


def confirm(truths: Sequence[float], random: Random) -> Judged | None:
    """Search, race and judge."""
    seen = [truth + random.gauss(0, 1) for truth in truths]
    leaders = sorted(range(len(truths)), key=lambda n: -seen[n])[:TOP]
    values: dict[int, dict[int, Value]] = {leader: {} for leader in leaders}
    dropped: Sequence[DroppedLeader] = ()
    while not isinstance(run := (step := next_step(leaders, values, SEEDS, dropped)).run, str):
        dropped = step.dropped
        if run is None:
            break
        values[run[0]][run[1]] = truths[run[0]] + random.gauss(0, 1)
    return judge(values, truths)


def repeat(truths: Sequence[float], random: Random) -> Judged | None:
    """Three repeats of each combination."""
    values: dict[int, dict[int, Value]] = {
        n: {seed: truth + random.gauss(0, 1) for seed in range(3)} for n, truth in enumerate(truths)
    }
    return judge(values, truths)


def judge(values: dict[int, dict[int, Value]], truths: Sequence[float]) -> Judged | None:
    numbers = {
        n: {s: v for s, v in row.items() if isinstance(v, float)} for n, row in values.items()
    }
    verdict = verdict_of([Candidate(n, None, {}, row) for n, row in numbers.items()], "max")
    if verdict is None:
        return None
    first = verdict.first.candidate.number
    is_right = truths[first] == max(truths[n] for n in values) and len(set(truths)) > 1
    return Judged(verdict, is_right, truths[first], sum(map(len, values.values())))


def report(name: str, judged: Sequence[Judged]) -> None:
    won = [one for one in judged if one.verdict.winner is not None]
    raw = statistics.fmean(one.verdict.first.mean - one.truth for one in judged)
    corrected = statistics.fmean(one.verdict.first.corrected - one.truth for one in judged)
    runs = statistics.fmean(one.n_runs for one in judged)
    right = sum(one.is_right for one in won)
    chance = statistics.fmean(one.verdict.first.probability for one in judged)
    share = statistics.fmean(one.is_right for one in judged)
    print(
        f"| {name} | {len(won)} of {len(judged)} | {right} | {chance:.3f} | {share:.3f} | "
        f"{raw:+.3f} | {corrected:+.3f} | {runs:.1f} |"
    )


def reliability(judged: Sequence[Judged]) -> None:
    """Print the stated probabilities of the first leader and how often they came true."""
    edges = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)
    print("\n| stated | sweeps | mean stated | came true | ± |\n| --- | --- | --- | --- | --- |")
    for low, high in itertools.pairwise(edges):
        part = [one for one in judged if low <= one.verdict.first.probability < high]
        if part:
            stated = statistics.fmean(one.verdict.first.probability for one in part)
            true = statistics.fmean(one.is_right for one in part)
            error = (max(true * (1 - true), 0.25 / len(part)) / len(part)) ** 0.5
            between = f"{low:.2f}–{min(high, 1):.2f}"
            print(f"| {between} | {len(part)} | {stated:.3f} | {true:.3f} | {error:.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweeps", type=int, default=400)
    n_sweeps = parser.parse_args().sweeps
    for what, simulate in (("confirm", confirm), ("repeats", repeat)):
        print(f"\n### {what}\n")
        print("| true values | winner | correctly | stated | came true | off | corrected | runs |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |")
        everything: list[Judged] = []
        for name, truths_of in KINDS.items():
            randoms = [Random(f"{what}/{name}/{number}") for number in range(n_sweeps)]
            found = [simulate(truths_of(random), random) for random in randoms]
            judged = [one for one in found if one is not None]
            report(name, judged)
            everything += judged if name.startswith("normal") else []
        reliability(everything)


if __name__ == "__main__":
    main()
