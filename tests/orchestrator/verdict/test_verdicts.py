"""Which combination won, and whether the probabilities can be believed."""

import math
from random import Random

import pytest

from ml_tracking_ops.orchestrator.store.objective import Goal
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord
from ml_tracking_ops.orchestrator.verdict.verdicts import Candidate, Verdict, verdict_of
from ml_tracking_ops.orchestrator.verdict.words import leader_text, noise_text, verdict_sentence


def candidates(truths: list[float], n_seeds: int, random: Random) -> list[Candidate]:
    """Combinations with these true values and noise of standard deviation 1."""
    return [
        Candidate(
            number, f"run_{number}", {}, {s: truth + random.gauss(0, 1) for s in range(n_seeds)}
        )
        for number, truth in enumerate(truths, 1)
    ]


def judge(truths: list[float], n_seeds: int, random: Random, goal: Goal = "max") -> Verdict:
    verdict = verdict_of(candidates(truths, n_seeds, random), goal)
    assert verdict is not None
    return verdict


def test_equal_combinations_have_no_winner() -> None:
    verdicts = [judge([0.0] * 5, 5, Random(n)) for n in range(40)]

    assert sum(verdict.winner is not None for verdict in verdicts) <= 1


def test_equal_combinations_of_a_sweep_with_repeats_have_no_winner() -> None:
    verdicts = [judge([0.0] * 30, 3, Random(n)) for n in range(20)]

    assert not any(verdict.winner for verdict in verdicts)


def test_known_winner_is_found_in_twenty_sweeps() -> None:
    verdicts = [judge([0.0, 0.3, 4.0, -0.5, 0.1], 5, Random(n)) for n in range(20)]

    assert [v.winner and v.winner.candidate.number for v in verdicts] == [3] * 20


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_probabilities_are_calibrated(spread: float) -> None:
    chance, n_right, n_sweeps = 0.0, 0, 80
    for number in range(n_sweeps):
        random = Random(f"{spread}/{number}")
        truths = [random.gauss(0, spread) for _ in range(5)]
        first = judge(truths, 5, random).first
        chance += first.probability
        n_right += truths[first.candidate.number - 1] == max(truths)

    error = math.sqrt(n_sweeps * 0.25)
    assert abs(chance - n_right) < 3 * error


def test_pairs_are_calibrated() -> None:
    chance, n_right, n_pairs = 0.0, 0, 0
    for number in range(30):
        random = Random(number)
        truths = [random.gauss(0, 1) for _ in range(4)]
        for leader in judge(truths, 4, random).leaders:
            for other, probability in leader.beats.items():
                if leader.candidate.number < other:
                    chance, n_pairs = chance + probability, n_pairs + 1
                    n_right += truths[leader.candidate.number - 1] > truths[other - 1]

    assert abs(chance - n_right) < 3 * math.sqrt(n_pairs * 0.25)


def test_value_of_the_winner_is_corrected_for_having_been_picked() -> None:
    raw, corrected = [], []
    for number in range(60):
        random = Random(f"picked {number}")
        truths = [random.gauss(0, 0.5) for _ in range(20)]
        first = judge(truths, 3, random).first
        truth = truths[first.candidate.number - 1]
        raw.append(first.mean - truth)
        corrected.append(first.corrected - truth)

    assert sum(raw) / len(raw) > 0.4
    assert abs(sum(corrected) / len(corrected)) < 0.15


def test_hopeless_combinations_do_not_make_equal_ones_look_different() -> None:
    verdicts = [judge([0.0] * 12 + [-50.0] * 10, 3, Random(n)) for n in range(15)]

    assert not any(verdict.winner for verdict in verdicts)


def test_smaller_is_better_where_the_goal_says_so() -> None:
    verdict = judge([5.0, 0.0, 5.0], 5, Random(1), goal="min")

    assert verdict.winner is not None
    assert verdict.winner.candidate.number == 2
    assert verdict.winner.low < verdict.winner.corrected < verdict.winner.high
    assert verdict.winner.beats[1] > 0.95


def test_seed_that_is_easy_for_all_is_no_noise() -> None:
    rows = [
        Candidate(
            n,
            None,
            {},
            {s: 100.0 * s + n + 0.1 * Random(f"{s}/{n}").gauss(0, 1) for s in range(4)},
        )
        for n in range(3)
    ]
    verdict = verdict_of(rows, "max")

    assert verdict is not None
    assert verdict.noise < 0.3
    assert verdict.winner is not None


def test_runs_in_which_the_seed_changes_nothing_have_no_winner() -> None:
    rows = [Candidate(n, None, {}, dict.fromkeys(range(3), n / 10)) for n in range(12)]
    verdict = verdict_of(rows, "max")

    assert verdict is not None
    assert verdict.is_seed_unused
    assert (verdict.winner, verdict.noise, verdict.n_candidates) == (None, 0.0, 12)
    assert [one.candidate.number for one in verdict.leaders] == list(range(11, 1, -1))
    assert (verdict.first.mean, verdict.first.std, verdict.first.n) == (1.1, 0.0, 3)
    assert verdict.first.probability is None
    sentence = verdict_sentence(verdict, SweepRecord(goal="max"))
    assert "the seed changes nothing. Check that the script uses it" in sentence
    assert noise_text(verdict) is None
    assert leader_text(verdict.first) == "1.1 ± 0 in 3 runs"


def test_one_run_that_differs_shows_that_the_seed_is_used() -> None:
    same = [Candidate(n, None, {}, dict.fromkeys(range(5), float(n))) for n in range(3)]
    other = Candidate(9, None, {}, {**dict.fromkeys(range(4), 9.0), 4: 9.01})
    verdict = verdict_of([*same, other], "max")

    assert verdict is not None
    assert not verdict.is_seed_unused
    assert verdict.winner is not None
    assert verdict.winner.candidate is other


def test_seed_with_the_same_effect_on_all_combinations_is_used() -> None:
    rows = [Candidate(n, None, {}, {s: n + s / 8 for s in range(4)}) for n in range(3)]
    verdict = verdict_of(rows, "max")

    assert verdict is not None
    assert not verdict.is_seed_unused
    assert verdict.winner is not None
    assert verdict.winner.std is not None
    assert verdict.winner.std > 0.1
    assert verdict.noise < 1e-9
    assert "without the effect of its seed on all combinations: " in (noise_text(verdict) or "")


def test_equal_values_have_no_winner() -> None:
    rows = [Candidate(n, None, {}, dict.fromkeys(range(3), 0.5)) for n in range(3)]
    verdict = verdict_of(rows, "max")

    assert verdict is not None
    assert verdict.winner is None
    assert verdict.first.mean == 0.5


def test_too_few_results_bring_no_verdict() -> None:
    alone = Candidate(1, None, {}, {1: 0.5, 2: 0.6})
    other = Candidate(2, None, {}, {1: 0.5})

    assert verdict_of([alone], "max") is None
    assert verdict_of([Candidate(1, None, {}, {1: 0.5}), other], "max") is None
    assert verdict_of([], "max") is None


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e90])
def test_size_of_the_values_makes_no_difference(size: float) -> None:
    rows = [
        Candidate(n, None, {}, {s: size * (n + Random(f"{s}/{n}").gauss(0, 0.1)) for s in range(4)})
        for n in range(3)
    ]
    verdict = verdict_of(rows, "min")

    assert verdict is not None
    assert verdict.winner is not None
    assert verdict.winner.candidate.number == 0
    assert abs(verdict.winner.corrected) < 0.2 * size


def test_very_many_combinations_are_judged() -> None:
    verdict = judge([0.0] * 3_000, 2, Random(7))

    assert verdict.winner is None
    assert verdict.n_candidates == 3_000


def test_same_values_bring_the_same_verdict() -> None:
    assert judge([0.0, 1.0, 2.0], 3, Random(5)) == judge([0.0, 1.0, 2.0], 3, Random(5))
