"""The combinations of a sweep that are confirmed."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Leaders:
    """The best combinations of a search of `n_runs` runs, which race against each other.

    `dropped` are those that are out: after which repeat, and why.
    """

    combinations: list[int]
    n_runs: int
    dropped: dict[int, tuple[int, str]] = field(default_factory=dict)
