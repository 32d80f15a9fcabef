"""Samplers of other packages: their interface, and how they are found.

A package adds a sampler by an entry point of the group `ml_tracking_ops.samplers`, whose name is
the sampler's and whose object is a `SamplerPlugin`. docs/samplers.md has an example.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from pydantic import JsonValue

from ..errors import UsageError
from ..store.objective import Goal
from ..store.run_states import RunState
from .space import Combination, Space

GROUP = "ml_tracking_ops.samplers"
SamplerKeys = Mapping[str, JsonValue]


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended, of this sweep or of one that it starts from.

    Attributes:
        state: `finished`, `early_stopped`, `failed` or `killed`.
        values: one for each objective, or the best value of the one metric, or None if the run has
            none.
        stopped_by: the rule that stopped it early. `asha`, `hyperband`, `median` and
            `wandb_hyperband` stop runs before their final result is known.
        violations: by how much it misses each constraint on outcomes, at most 0 if it meets it, or
            None if not known.
        curve: with a rule that compares runs, its progress by that rule and the best value up to
            there, at each comparison and at its end.
    """

    hyperparameters: Combination
    state: RunState
    values: tuple[float, ...] | None
    stopped_by: str | None = None
    violations: tuple[float, ...] | None = ()
    curve: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class ProposalRequest:
    """A request for combination `number`, counted from 1.

    Attributes:
        random: the source of all chance. It depends only on the seed of the sweep, the number and
            the attempt, so that a resumed sweep proposes the same.
        results: of the runs that have ended, in that order.
        running: the combinations that are running now.
    """

    number: int
    random: Random
    results: Sequence[EndedRun]
    running: Sequence[Combination]


class PluginSampler(Protocol):
    """A sampler of another package. Its answer must depend on the request alone."""

    def propose(self, request: ProposalRequest) -> Mapping[str, JsonValue]:
        """Return a combination to try. Missing values are drawn at random."""


def _no_keys(keys: SamplerKeys) -> Iterable[tuple[str, str]]:
    return [(key, "is not a key of this sampler") for key in keys]


@dataclass(frozen=True)
class SamplerPlugin:
    """A sampler that a configuration can name.

    Attributes:
        make: returns the sampler, from the keys beside `type`, the search space and the goal of
            each objective. It may raise `UsageError`.
        problems: returns what is wrong with the keys: each with a sentence that begins after its
            name.
        most_objectives: how many it can optimise at once.
    """

    make: Callable[[SamplerKeys, Space, Sequence[Goal]], PluginSampler]
    problems: Callable[[SamplerKeys], Iterable[tuple[str, str]]] = _no_keys
    most_objectives: int = 1


def plugin_names() -> set[str]:
    """Return the samplers of installed packages."""
    from importlib.metadata import entry_points  # takes 20 ms, and most samplers are our own

    return set(entry_points(group=GROUP).names)


def find_plugin(name: str) -> SamplerPlugin | None:
    """Return the sampler of an installed package, or None if no package has it.

    Raises:
        UsageError: its package cannot be used.
    """
    from importlib.metadata import entry_points

    point = next(iter(entry_points(group=GROUP, name=name)), None)
    if point is None:
        return None
    try:
        plugin = point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(f"the sampler {name} ({point.value}) cannot be loaded: {error}") from error
    if not isinstance(plugin, SamplerPlugin):
        raise UsageError(f"the sampler {name} ({point.value}) is not a SamplerPlugin")
    return plugin
