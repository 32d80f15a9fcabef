"""Say what the samplers do, need and support, from their registry."""

from collections.abc import Iterable, Sequence

from .registry import SAMPLERS


def describe_samplers() -> str:
    """Return the description of all samplers, for the key that names one."""
    plain = [f"{name} {sampler.does}" for name, sampler in SAMPLERS.items() if not sampler.learns]
    learning = [name for name, sampler in SAMPLERS.items() if sampler.learns]
    sentences = [
        _listed(plain),
        f"{_listed(learning)} learn from earlier runs",
        *_requirements(),
        *(
            f"{name} supports {objectives_text(sampler.most_objectives)}"
            for name, sampler in SAMPLERS.items()
            if sampler.most_objectives is not None
        ),
        "auto picks one of them",
    ]
    return ". ".join(sentences) + "."


def _requirements() -> Iterable[str]:
    """Yield which samplers need which extra, and which need PyTorch."""
    extras = {extra: None for one in SAMPLERS.values() for extra in one.libraries.values()}
    for extra in extras:
        names = [name for name, one in SAMPLERS.items() if extra in one.libraries.values()]
        yield f"{_need(names)} the extra {extra}"
    with_torch = [name for name, one in SAMPLERS.items() if one.needs_torch]
    if with_torch:
        yield f"{_need(with_torch)} PyTorch"


def _need(names: Sequence[str]) -> str:
    return f"{_listed(names)} {'needs' if len(names) == 1 else 'need'}"


def objectives_text(most: int) -> str:
    """Return the number of objectives that a sampler supports, in words."""
    return "one objective" if most == 1 else f"up to {most} objectives"


def supporting_text(n_objectives: int) -> str:
    """Return the names of the samplers that support as many objectives. Those that learn are first.

    Returns:
        A text such as "tpe, gp or random".
    """
    able = [
        (not sampler.learns, name)
        for name, sampler in SAMPLERS.items()
        if sampler.most_objectives is None or sampler.most_objectives >= n_objectives
    ]
    return _listed([name for _, name in sorted(able, key=lambda one: one[0])], "or")


def _listed(names: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b", or "a, b and c"."""
    *most, end = names
    return f"{', '.join(most)} {last} {end}" if most else end
