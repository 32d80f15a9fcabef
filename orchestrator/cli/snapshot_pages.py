"""Find the page of the dashboard that `snapshot` writes, given its arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from ..errors import UsageError
from ..store.catalog import Catalog, FoundRun, find_item, find_run_by_number
from ..store.experiments import Experiment
from ..store.sweep_folder import Sweep

Found = Experiment | Sweep | FoundRun


@dataclass(frozen=True)
class NamedPage:
    """The address of a page within the dashboard of a log folder."""

    logdir: Path
    path: str
    query: str = ""


def page_named(paths: Sequence[str], page: str | None, logdir: Path) -> NamedPage:
    """Return the page of one thing, of all experiments, or the comparison of several.

    Args:
        page: ``experiments`` or ``compare``. None means that several paths are compared.

    Raises:
        UsageError: nothing is named, or it is not there.
    """
    found = _found(paths, logdir)
    if page is None and len(found) == 1:
        return _own_page(found[0])
    if page is None and not found:
        raise UsageError("name a path, or use --page experiments")
    runs = [("run", _id_of(one, logdir)) for one in found]
    if page == "compare" and not runs:
        raise UsageError("name the runs to compare: ml-tracking-ops snapshot PATH PATH")
    return NamedPage(logdir, page or "compare", urlencode(runs))


def _found(paths: Sequence[str], logdir: Path) -> list[Found]:
    """Find what the arguments name. ``SWEEP 7`` is a run of a sweep."""
    found: list[Found] = []
    for path in paths:
        last = found[-1] if found else None
        if isinstance(last, Sweep) and path.isdecimal():
            found[-1] = find_run_by_number(last, int(path))
        else:
            found.append(find_item(path, logdir))
    return found


def _own_page(found: Found) -> NamedPage:
    if isinstance(found, Sweep):
        return NamedPage(found.path.parent, f"sweeps/{found.path.name}")
    if isinstance(found, FoundRun):
        sweep = found.sweep.path
        return NamedPage(sweep.parent, f"runs/{sweep.name}/{found.run.name}")
    folder = found.dat_path.parent
    return NamedPage(folder.parent, f"runs/{folder.name}")


def _id_of(found: Found, logdir: Path) -> str:
    """Return the id of a run in the dashboard of the log folder. For a sweep, that of its best
    run."""
    catalog = Catalog(logdir)
    if isinstance(found, Experiment):
        for identity, one in catalog.experiments.items():
            if one.dat_path.resolve() == found.dat_path.resolve():
                return identity
        raise UsageError(f"{found.dat_path} is not in the log folder {logdir}. Give --logdir")
    sweep = found.sweep if isinstance(found, FoundRun) else found
    run = found.run if isinstance(found, FoundRun) else found.best
    for identity, known in catalog.sweeps.items():
        if known.path.resolve() == sweep.path.resolve() and run is not None:
            return f"{identity}/{run.name}"
    why = "has no run with a value" if run is None else f"is not in the log folder {logdir}"
    raise UsageError(f"{sweep.path} {why}")
