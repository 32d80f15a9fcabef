"""Which leader runs with which seed next."""

from random import Random

from ml_tracking_ops.orchestrator.verdict.race import DroppedLeader, Value, next_step


def play(truths: list[float], n_seeds: int, seed: int) -> tuple[int, list[DroppedLeader]]:
    """A whole race, one run at a time: how many runs it took, and who was dropped."""
    leaders = list(range(1, len(truths) + 1))
    values: dict[int, dict[int, Value]] = {leader: {} for leader in leaders}
    dropped: list[DroppedLeader] = []
    while True:
        step = next_step(leaders, values, n_seeds, dropped)
        dropped = list(step.dropped)
        if step.run is None or step.run == "wait":
            return sum(map(len, values.values())), dropped
        leader, repeat = step.run
        noise = Random(f"{seed}/{leader}/{repeat}").gauss(0, 1)
        values[leader][repeat] = truths[leader - 1] + noise


def test_equal_leaders_all_run_with_nearly_every_seed() -> None:
    n_runs = [play([0.0] * 5, 5, seed)[0] for seed in range(20)]

    assert sum(n_runs) > 0.95 * 20 * 25


def test_leaders_that_cannot_win_are_dropped() -> None:
    n_runs, dropped = play([0.0, 30.0, 0.0, 0.0], 5, 1)

    assert {one.combination for one in dropped} == {1, 3, 4}
    assert n_runs < 20


def test_winner_runs_with_every_seed() -> None:
    n_runs, dropped = play([30.0, 0.0], 5, 1)

    assert [one.combination for one in dropped] == [2]
    assert n_runs == 5 + dropped[0].repeat


def test_decision_waits_for_all_runs_up_to_its_seed() -> None:
    values: dict[int, dict[int, Value]] = {
        1: {1: 30.0, 2: "running"},
        2: {1: 0.0, 2: 0.1},
    }

    assert next_step([1, 2], values, 3).run == "wait"


def test_first_two_seeds_start_at_once() -> None:
    values: dict[int, dict[int, Value]] = {1: {1: "running"}, 2: {1: "running"}}

    assert next_step([1, 2], values, 3).run == (1, 2)


def test_leader_that_fails_is_out() -> None:
    values: dict[int, dict[int, Value]] = {1: {1: 1.0, 2: None}, 2: {1: 0.9, 2: 1.1}}
    step = next_step([1, 2], values, 3)

    assert step.run == (2, 3)
    assert [(one.combination, one.reason) for one in step.dropped] == [(1, "no value with seed 2")]


def test_race_in_which_all_fail_ends() -> None:
    values: dict[int, dict[int, Value]] = {n: dict.fromkeys((1, 2, 3), None) for n in (1, 2)}

    assert next_step([1, 2], values, 3).run is None


def test_dropped_combination_stays_out() -> None:
    values: dict[int, dict[int, Value]] = {n: {1: 1.0, 2: 1.1} for n in (1, 2, 3)}
    known = [DroppedLeader(2, 2, "the best with a probability of 0.5%")]

    assert next_step([1, 2, 3], values, 3, known).run == (1, 3)
    values[1][3] = 1.0
    assert next_step([1, 2, 3], values, 3, known).run == (3, 3)


def test_nobody_is_dropped_while_the_seed_changes_nothing() -> None:
    values: dict[int, dict[int, Value]] = {n: {1: float(n), 2: float(n)} for n in (1, 2, 3)}
    step = next_step([1, 2, 3], values, 3)

    assert (step.run, step.dropped) == ((1, 3), [])
