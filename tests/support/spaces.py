"""Search spaces for tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from ml_tracking_ops.orchestrator.search.samplers import Combination, Sampler
from ml_tracking_ops.orchestrator.search.space import Hyperparameter, SearchSpace, Space

_SPACE: TypeAdapter[SearchSpace] = TypeAdapter(SearchSpace)
_HYPERPARAMETER: TypeAdapter[Hyperparameter] = TypeAdapter(Hyperparameter)


def space_of(hyperparameters: Mapping[str, Any], constraints: Sequence[str] = ()) -> Space:
    """Return a search space from its definition in `experiment_cfg.json`."""
    return Space(_SPACE.validate_python(dict(hyperparameters)), constraints)


def distribution_of(**definition: Any) -> Hyperparameter:
    """Return a hyperparameter from its definition in `experiment_cfg.json`."""
    return _HYPERPARAMETER.validate_python(definition)


def all_of(sampler: Sampler, at_most: int = 10_000) -> list[Combination]:
    """Return all combinations of a space."""
    found: list[Combination] = []
    while len(found) < at_most and (combination := sampler.combination(len(found) + 1)) is not None:
        found.append(combination)
    return found


_ints = st.integers(min_value=-100, max_value=100)
_discrete = st.one_of(
    st.lists(
        st.integers(0, 9) | st.text(max_size=2) | st.booleans() | st.none(), min_size=1, max_size=4
    ).map(lambda c: {"type": "choice", "candidates": c}),
    st.tuples(_ints, st.integers(0, 4), st.integers(1, 3)).map(
        lambda t: {"type": "int", "min": t[0], "max": t[0] + t[1], "step": t[2]}
    ),
    st.integers(2, 4).map(lambda n: {"type": "uniform", "min": 0.0, "max": n / 10, "step": 0.1}),
    st.integers(1, 4).map(lambda n: {"type": "logint", "min": 1, "max": n}),
    st.integers(0, 9).map(lambda n: {"type": "constant", "value": n}),
)


@st.composite
def discrete_spaces(draw: st.DrawFn) -> Space:
    """Generate finite spaces with conditions and ties."""
    names = "abcd"[: draw(st.integers(1, 4))]
    definitions: dict[str, Any] = {}
    for name in names:
        definition = dict(draw(_discrete))
        others = [n for n, d in definitions.items() if d["type"] == "choice"]
        if others and draw(st.booleans()):
            other = draw(st.sampled_from(others))
            value = draw(st.sampled_from(definitions[other]["candidates"]))
            definition["when"] = {other: [value]}
        definitions[name] = definition
    if draw(st.booleans()):
        definitions["tied"] = {"type": "tied", "to": draw(st.sampled_from(names))}
    return space_of(definitions)
