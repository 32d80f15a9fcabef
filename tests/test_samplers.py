from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.orchestrator.samplers import RandomSampler
from ml_tracking_ops.orchestrator.space import Choice, Hyperparameter, Uniform

finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
uniforms = (
    st.tuples(finite, finite)
    .filter(lambda bounds: bounds[0] < bounds[1])
    .map(lambda bounds: Uniform(type="uniform", min=bounds[0], max=bounds[1]))
)
choices = st.lists(st.integers() | st.text() | st.booleans() | st.none(), min_size=1).map(
    lambda candidates: Choice(type="choice", candidates=candidates)
)
spaces: st.SearchStrategy[dict[str, Hyperparameter]] = st.dictionaries(
    st.text(min_size=1), uniforms | choices, min_size=1, max_size=4
)
seeds = st.integers(min_value=0)
EXPECTED = [
    {"learning_rate": 0.005974153562971229, "batch_size": 32},
    {"learning_rate": 0.00130767164224217, "batch_size": 128},
    {"learning_rate": 0.007931990930431582, "batch_size": 64},
]
indices = st.integers(min_value=1, max_value=10**6)


@given(spaces, seeds, indices)
def test_sample_lies_in_the_space(space: dict[str, Hyperparameter], seed: int, index: int) -> None:
    combination = RandomSampler(space, seed).combination(index)
    assert list(combination) == list(space)
    for name, hyperparameter in space.items():
        value = combination[name]
        if isinstance(hyperparameter, Uniform):
            assert isinstance(value, float)
            assert hyperparameter.min <= value <= hyperparameter.max
        else:
            assert value in hyperparameter.candidates


@given(spaces, seeds, st.lists(indices))
def test_order_of_asking_does_not_matter(
    space: dict[str, Hyperparameter], seed: int, order: list[int]
) -> None:
    sampler = RandomSampler(space, seed)
    forward = {index: sampler.combination(index) for index in order}
    assert {i: RandomSampler(space, seed).combination(i) for i in reversed(order)} == forward


def test_combination_stays_the_same_from_release_to_release() -> None:
    space: dict[str, Hyperparameter] = {
        "learning_rate": Uniform(type="uniform", min=1e-5, max=1e-2),
        "batch_size": Choice(type="choice", candidates=[32, 64, 128]),
    }
    sampler = RandomSampler(space, seed=42)
    assert [sampler.combination(index) for index in (1, 2, 3)] == EXPECTED


def test_uniform_and_choice_cover_their_range() -> None:
    space: dict[str, Hyperparameter] = {
        "u": Uniform(type="uniform", min=-1, max=3),
        "c": Choice(type="choice", candidates=["a", "b", "c"]),
    }
    drawn = [RandomSampler(space, seed=0).combination(index) for index in range(1, 3001)]
    numbers = [float(str(d["u"])) for d in drawn]
    assert abs(sum(numbers) / len(numbers) - 1.0) < 0.1  # 5 standard errors
    for candidate in "abc":
        assert 880 < sum(d["c"] == candidate for d in drawn) < 1120
