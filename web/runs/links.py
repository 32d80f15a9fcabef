"""The address of a run's page, and the run's permanent colour in the palette."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, urlencode

N_COLORS = 12
COMPARE_PATH = "/compare"
MOST_COMPARED = 40


@lru_cache(maxsize=1 << 15)  # the page of a sweep requests those of all its runs, repeatedly
def run_href(run_id: str) -> str:
    return "/runs/" + quote(run_id)


def compare_href(run_ids: Iterable[str]) -> str | None:
    """Return the address that compares runs, or None for fewer than two."""
    pairs = [("run", one) for one in run_ids if one][: MOST_COMPARED + 1]
    return f"{COMPARE_PATH}?{urlencode(pairs)}" if len(pairs) > 1 else None


class ExperimentColors:
    """Assigns colours to experiments in the order in which they started.

    So neighbours in the list differ, and the next experiment takes the next colour. A deleted
    experiment changes no other colour while the server runs.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def assign(self, ids_oldest_first: Iterable[str]) -> None:
        for identity in ids_oldest_first:
            self._numbers.setdefault(identity, len(self._numbers))

    def color(self, identity: str) -> int:
        return self._numbers.get(identity, 0) % N_COLORS


def sweep_run_color(index: int) -> int:
    """Return the colour of a sweep's run, from its index, which is counted from 1."""
    return (index - 1) % N_COLORS
