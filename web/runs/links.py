"""Where the page of a run is, and which of the palette's colours the run keeps for good."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, urlencode

N_COLORS = 12
COMPARE_PATH = "/compare"
MOST_COMPARED = 40


@lru_cache(maxsize=1 << 15)  # a sweep's page asks for those of all its runs, time and again
def run_href(run_id: str) -> str:
    return "/runs/" + quote(run_id)


def compare_href(run_ids: Iterable[str]) -> str | None:
    """The address where runs are compared, or None for fewer than two."""
    pairs = [("run", one) for one in run_ids if one][: MOST_COMPARED + 1]
    return f"{COMPARE_PATH}?{urlencode(pairs)}" if len(pairs) > 1 else None


class ExperimentColors:
    """Hands out colours to experiments in the order in which they started.

    So neighbours in the list differ, and the next experiment takes the next colour. A deleted
    experiment changes nobody else's while the server runs.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def assign(self, ids_oldest_first: Iterable[str]) -> None:
        for identity in ids_oldest_first:
            self._numbers.setdefault(identity, len(self._numbers))

    def color(self, identity: str) -> int:
        return self._numbers.get(identity, 0) % N_COLORS


def sweep_run_color(index: int) -> int:
    """The colour of a sweep's run, from its index, which is counted from 1."""
    return (index - 1) % N_COLORS
