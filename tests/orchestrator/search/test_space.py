from hypothesis import given, settings
from spaces import discrete_spaces, space_of

from ml_tracking_ops.orchestrator.search.samplers.random import draw_combination
from ml_tracking_ops.orchestrator.search.space import Space, combination_key

SGD = {
    "optimizer": {"type": "choice", "candidates": ["sgd", "adam", "lamb"]},
    "momentum": {
        "type": "uniform",
        "min": 0,
        "max": 0.9,
        "step": 0.9,
        "when": {"optimizer": "sgd"},
    },
    "nesterov": {"type": "choice", "candidates": [True, False], "when": {"momentum": 0.9}},
    "beta": {"type": "constant", "value": 0.99, "when": {"optimizer": ["adam", "lamb"]}},
    "gamma": {"type": "tied", "to": "beta"},
}


def test_conditional_and_tied_hyperparameters_are_absent_where_they_do_not_apply() -> None:
    assert list(space_of(SGD).combinations()) == [
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": False},
        {"optimizer": "adam", "beta": 0.99, "gamma": 0.99},
        {"optimizer": "lamb", "beta": 0.99, "gamma": 0.99},
    ]


def test_hyperparameter_can_depend_on_a_later_one() -> None:
    space = space_of(
        {
            "rate": {"type": "tied", "to": "speed"},
            "speed": {"type": "int", "min": 1, "max": 2},
        }
    )
    assert space.order == ["speed", "rate"]
    assert [list(c.items()) for c in space.combinations()] == [
        [("rate", 1), ("speed", 1)],
        [("rate", 2), ("speed", 2)],
    ]


def test_true_is_not_one_in_a_condition() -> None:
    space = space_of(
        {
            "a": {"type": "choice", "candidates": [True, 1, 2]},
            "b": {"type": "constant", "value": 0, "when": {"a": True}},
        }
    )
    assert [len(c) for c in space.combinations()] == [2, 1, 1]


def test_continuous_hyperparameter_makes_repeats_unlikely_only_where_it_is_always_there() -> None:
    uniform = {"type": "uniform", "min": 0, "max": 1}
    choice = {"type": "choice", "candidates": [1, 2]}
    assert not space_of({"x": uniform, "c": choice}).may_repeat
    assert space_of({"x": {**uniform, "when": {"c": 1}}, "c": choice}).may_repeat
    assert space_of({"c": choice, "d": {"type": "tied", "to": "c"}}).may_repeat


@settings(max_examples=100)
@given(discrete_spaces())
def test_every_draw_is_one_of_the_listed_combinations(space: Space) -> None:
    listed = [combination_key(combination) for combination in space.combinations()]
    assert len(set(listed)) == len(listed)
    assert space.n_at_most is not None
    assert len(listed) <= space.n_at_most
    for attempt in range(20):
        assert combination_key(draw_combination(space, 0, str(attempt))) in listed
