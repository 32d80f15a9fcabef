import json
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc
from spaces import all_of, discrete_spaces, space_of

from ml_tracking_ops.orchestrator.search.sampler_settings import SamplerName
from ml_tracking_ops.orchestrator.search.samplers import (
    GridSampler,
    RandomSampler,
    SequenceSampler,
    SobolSampler,
)
from ml_tracking_ops.orchestrator.search.samplers.registry import SAMPLERS
from ml_tracking_ops.orchestrator.search.space import (
    Choice,
    Hyperparameter,
    Space,
    Uniform,
    combination_key,
)

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
uniforms = (
    st.tuples(finite, finite)
    .filter(lambda bounds: bounds[0] < bounds[1])
    .map(lambda bounds: Uniform(type="uniform", min=bounds[0], max=bounds[1]))
)
choices = st.lists(st.integers() | st.text() | st.booleans() | st.none(), min_size=1).map(
    lambda candidates: Choice(type="choice", candidates=candidates)
)
continuous_spaces: st.SearchStrategy[dict[str, Hyperparameter]] = st.builds(
    lambda uniform, others: {"always": uniform, **others},
    uniforms,
    st.dictionaries(st.text(min_size=1), uniforms | choices, max_size=4),
)
seeds = st.integers(min_value=0)
EXPECTED = [
    {"learning_rate": 0.005974153562971229, "batch_size": 32},
    {"learning_rate": 0.00130767164224217, "batch_size": 128},
    {"learning_rate": 0.007931990930431582, "batch_size": 64},
]
indices = st.integers(min_value=1, max_value=10**6)
SEQUENCES: tuple[type[SequenceSampler], ...] = (RandomSampler, GridSampler, SobolSampler)
SMALL = {
    "optimizer": {"type": "choice", "candidates": ["sgd", "adam"]},
    "depth": {"type": "int", "min": 1, "max": 3},
}


@given(continuous_spaces, seeds, indices)
def test_sample_is_in_the_space(space: dict[str, Hyperparameter], seed: int, index: int) -> None:
    combination = RandomSampler(Space(space), seed).combination(index)
    assert combination is not None
    assert list(combination) == list(space)
    for name, hyperparameter in space.items():
        value = combination[name]
        if isinstance(hyperparameter, Uniform):
            assert isinstance(value, float)
            assert hyperparameter.min <= value <= hyperparameter.max
        elif isinstance(hyperparameter, Choice):
            assert value in hyperparameter.candidates


@pytest.mark.parametrize("sampler", [RandomSampler, SobolSampler])
def test_same_seed_does_not_repeat_what_an_earlier_sweep_ran(
    sampler: type[SequenceSampler],
) -> None:
    space = space_of({"x": {"type": "uniform", "min": 0, "max": 1}})
    earlier = all_of(sampler(space, 3), 8)
    later = all_of(sampler(space, 3, earlier), 8)
    assert len({combination_key(one) for one in [*earlier, *later]}) == 16
    assert sampler(space, 3, earlier).combination(8) == later[-1]


@given(continuous_spaces, seeds, st.lists(indices))
def test_order_of_asking_does_not_matter(
    space: dict[str, Hyperparameter], seed: int, order: list[int]
) -> None:
    sampler = RandomSampler(Space(space), seed)
    forward = {index: sampler.combination(index) for index in order}
    backward = {i: RandomSampler(Space(space), seed).combination(i) for i in reversed(order)}
    assert backward == forward


def test_combination_stays_the_same_from_release_to_release() -> None:
    space: dict[str, Hyperparameter] = {
        "learning_rate": Uniform(type="uniform", min=1e-5, max=1e-2),
        "batch_size": Choice(type="choice", candidates=[32, 64, 128]),
    }
    sampler = RandomSampler(Space(space), seed=42)
    assert [sampler.combination(index) for index in (1, 2, 3)] == EXPECTED


def test_uniform_and_choice_cover_their_range() -> None:
    space: dict[str, Hyperparameter] = {
        "u": Uniform(type="uniform", min=-1, max=3),
        "c": Choice(type="choice", candidates=["a", "b", "c"]),
    }
    sampler = RandomSampler(Space(space), seed=0)
    drawn = [sampler.combination(index) or {} for index in range(1, 3001)]
    numbers = [float(str(d["u"])) for d in drawn]
    assert abs(sum(numbers) / len(numbers) - 1.0) < 0.1  # 5 standard errors
    for candidate in "abc":
        assert 880 < sum(d["c"] == candidate for d in drawn) < 1120


@settings(max_examples=50, deadline=None)
@given(discrete_spaces(), st.integers(0, 2**32), st.sampled_from(SEQUENCES))
def test_discrete_space_is_given_whole_and_nothing_twice(
    space: Space, seed: int, kind: type[SequenceSampler]
) -> None:
    sampler = kind(space, seed)
    found = [combination_key(combination) for combination in all_of(sampler)]
    assert sorted(found) == sorted(combination_key(c) for c in space.combinations())
    assert len(set(found)) == len(found)
    assert sampler.why_exhausted == (
        f"every combination of the search space has been run: {len(found)}"
    )


@settings(max_examples=50, deadline=None)
@given(discrete_spaces(), st.integers(0, 2**32), st.sampled_from(SEQUENCES), st.data())
def test_combination_depends_on_seed_and_number_alone(
    space: Space, seed: int, kind: type[SequenceSampler], data: st.DataObject
) -> None:
    everything = all_of(kind(space, seed))
    number = data.draw(st.integers(1, len(everything)))
    assert kind(space, seed).combination(number) == everything[number - 1]


@pytest.mark.parametrize("kind", SEQUENCES)
def test_earlier_combinations_are_not_run_again(kind: type[SequenceSampler]) -> None:
    space = space_of(SMALL)
    taken = [{"optimizer": "adam", "depth": 2}]
    found = all_of(kind(space, 0, taken))
    assert len(found) == 5
    assert taken[0] not in found


@pytest.mark.parametrize("kind", SEQUENCES)
def test_constraints_hold_for_every_combination(kind: type[SequenceSampler]) -> None:
    space = space_of(SMALL, ["depth <= 1 or optimizer == 'sgd'"])
    assert len(all_of(kind(space, 0))) == 4


def test_random_draws_again_under_a_constraint_and_keeps_what_meets_it() -> None:
    definition = {"x": {"type": "uniform", "min": 0, "max": 1}}
    free, bound = (
        RandomSampler(space_of(definition), 5),
        RandomSampler(space_of(definition, ["x < 0.5"]), 5),
    )
    for number in range(1, 50):
        wanted, found = free.combination(number), bound.combination(number)
        assert wanted is not None
        assert found is not None
        assert float(str(found["x"])) < 0.5
        if float(str(wanted["x"])) < 0.5:
            assert found == wanted


def test_grid_goes_in_the_order_of_the_file_the_last_one_fastest() -> None:
    assert [tuple(c.values()) for c in all_of(GridSampler(space_of(SMALL), 0))] == [
        ("sgd", 1),
        ("sgd", 2),
        ("sgd", 3),
        ("adam", 1),
        ("adam", 2),
        ("adam", 3),
    ]


def test_rare_candidate_is_found_before_the_sweep_ends() -> None:
    space = space_of(
        {"c": {"type": "choice", "candidates": [0, 1, 2], "probabilities": [1 - 1e-9, 1e-9, 0]}}
    )
    assert all_of(RandomSampler(space, 0)) == [{"c": 0}, {"c": 1}]


def test_space_without_end_but_with_few_values_ends_by_draws() -> None:
    space = space_of({"n": {"type": "normal", "mu": 0, "sigma": 1e-6, "step": 1}})
    sampler = RandomSampler(space, 0)
    assert len(all_of(sampler)) == 1
    assert sampler.why_exhausted == (
        "no combination that is new and meets the constraints was found in 10,000 draws"
    )


def test_sobol_gives_scipys_points() -> None:
    space = space_of({name: {"type": "uniform", "min": 0, "max": 1} for name in "abc"})
    sampler = SobolSampler(space, seed=7)
    found = np.array([list((sampler.combination(i) or {}).values()) for i in range(1, 65)])
    np.testing.assert_array_equal(found, qmc.Sobol(3, scramble=True, rng=7).random(64))
    # evenly: each of 64 equal intervals of each axis holds one point
    assert all(sorted((column * 64).astype(int)) == list(range(64)) for column in found.T)


def test_library_that_is_missing_is_named_with_how_to_install_it() -> None:
    code = (
        "import sys, json; sys.modules['scipy'] = sys.modules['scipy.stats'] = None\n"
        "sys.modules['optuna'] = None\n"
        "from ml_tracking_ops.orchestrator.errors import UsageError\n"
        "from ml_tracking_ops.orchestrator.search.samplers.registry import check_sampler\n"
        "for name in ('sobol', 'tpe'):\n"
        "    try: check_sampler(name)\n"
        "    except UsageError as error: print(json.dumps(str(error)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    sobol, tpe = map(json.loads, done.stdout.splitlines())
    assert sobol.startswith("the sampler sobol needs scipy")
    assert sobol.endswith("pip install 'ml-tracking-ops[sobol]'")
    assert tpe.startswith("the sampler tpe needs optuna")


def test_every_sampler_that_a_configuration_can_name_is_registered() -> None:
    assert (*SAMPLERS, "auto") == get_args(SamplerName)
