"""The address of the page Compare, and the addresses of its links. Pure."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from ..runs.links import COMPARE_PATH, MOST_COMPARED
from ..series.derived.definition import is_derived

_ALL, _YES = "all", "1"


@dataclass(frozen=True)
class CompareQuery:
    """The runs that are compared, and the options.

    Attributes:
        runs: the ids of the runs, in the order of the columns, at most `MOST_COMPARED`.
        n_asked: how many the address names.
        baseline: the id of the run from which differences are shown. None means the first.
        has_equal: whether settings that are the same for all runs are shown.
        has_all_metrics: whether all metrics are shown, and not only the first ones.
        shows_outputs: whether the ends of the outputs are shown.
        search: a search for runs to add.
        derived: the derived metrics of the page.
    """

    runs: tuple[str, ...]
    n_asked: int = 0
    baseline: str | None = None
    has_equal: bool = False
    has_all_metrics: bool = False
    shows_outputs: bool = False
    search: str = ""
    derived: tuple[str, ...] = ()

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the address, without the search."""
        given = (
            ("baseline", self.baseline or ""),
            ("equal", _YES if self.has_equal else ""),
            ("metrics", _ALL if self.has_all_metrics else ""),
            ("outputs", _YES if self.shows_outputs else ""),
        )
        runs, derived = (
            [("run", one) for one in self.runs],
            [("derive", one) for one in self.derived],
        )
        return [*runs, *(pair for pair in given if pair[1]), *derived]

    def link(self, **changes: str | None) -> str:
        """Return the address of this page with some parameters replaced. None removes one."""
        kept = [(name, value) for name, value in self.pairs if name not in changes]
        new = [(name, value) for name, value in changes.items() if value is not None]
        return f"{COMPARE_PATH}?{urlencode([*kept, *new])}"

    def without(self, run_id: str) -> str:
        """Return the address without one of its runs."""
        gone = (("run", run_id), ("baseline", run_id))
        return f"{COMPARE_PATH}?{urlencode([pair for pair in self.pairs if pair not in gone])}"

    def with_run(self, run_id: str) -> str:
        """Return the address with one more run, keeping the search so that others can follow."""
        search = [("find", self.search)] if self.search else []
        return f"{COMPARE_PATH}?{urlencode([*self.pairs, ('run', run_id), *search])}"


def parse_compare_query(params: QueryParams) -> CompareQuery:
    """Parse the address. Unknown values are ignored."""
    runs = tuple(dict.fromkeys(one for one in params.getlist("run") if one))
    return CompareQuery(
        runs=runs[:MOST_COMPARED],
        n_asked=len(runs),
        baseline=params.get("baseline") or None,
        has_equal=params.get("equal") == _YES,
        has_all_metrics=params.get("metrics") == _ALL,
        shows_outputs=params.get("outputs") == _YES,
        search=params.get("find", "").strip(),
        derived=tuple(dict.fromkeys(filter(is_derived, params.getlist("derive")))),
    )
