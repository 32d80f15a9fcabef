"""The experiments that a page's groups are over, and the ways to group them."""

import time
from collections.abc import Iterable, Sequence

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.store.catalog import Catalog
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.run_details import config_of

from ..groups.naming import groupings, label_groupings
from ..runs.links import ExperimentColors
from ..series.summaries import MetricSummaries
from .experiments_table import select_experiments
from .hyperparameters import SettingsSeen
from .query import parse_table_query

_READING_S = 0.25
_LOOKING_S = 0.1
_MOST_READ = 2_000


def shown_experiments(catalog: Catalog, query: QueryParams) -> list[Experiment]:
    """Return the archived experiments, or the others, the newest first."""
    is_archive = query.get("archived") == "1"
    every = catalog.experiments.values()
    return [one for one in every if one.annotation.is_archived == is_archive]


def passing_experiments(
    summaries: MetricSummaries, catalog: Catalog, query: QueryParams
) -> list[Experiment]:
    """Return those in the address, or else those that pass the filters of the table."""
    if named := set(query.getlist("run")):
        return [one for one in catalog.experiments.values() if one.id in named]
    known = shown_experiments(catalog, query)
    asked = parse_table_query(query)
    if not asked.is_filtered:
        return known
    found = select_experiments(known, asked, ExperimentColors(), summaries, _READING_S)
    passing = {row.id for row in found.rows}
    return [one for one in known if one.id in passing]


def experiment_groupings(
    drawn: Iterable[Experiment], known: Sequence[Experiment]
) -> list[dict[str, str]]:
    """Return the ways to group experiments: names, tags, keys of configurations that differ.

    The drawn ones are read, and of the others the newest, as far as there is time.
    """
    seen, until = SettingsSeen(), time.monotonic() + _LOOKING_S
    ids = set()
    for experiment in drawn:
        ids.add(experiment.id)
        seen.add(config_of(experiment.dat_path))
    for experiment in known[:_MOST_READ]:
        if time.monotonic() > until:
            break
        if experiment.id not in ids:
            seen.add(config_of(experiment.dat_path))
    settings = [name for name, one in seen.describe().items() if one.differs]
    has_tags = any(one.annotation.tags for one in known)
    named = label_groupings(has_tags=has_tags, has_names=len(known) > 1)
    return groupings((), None, settings) + named
