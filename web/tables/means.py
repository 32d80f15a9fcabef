"""Means over the repeats of a combination, for the table of a sweep's runs."""

from collections.abc import Mapping, Sequence

from ml_tracking_ops.orchestrator.store.combinations import repeated_combinations
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.entries import Row
from ..runs.formats import format_number


def add_means(rows: Sequence[Row], sweep: Sweep) -> list[Row]:
    """The rows, each with the mean and the spread of its combination where a sweep has repeats."""
    repeats = sweep.config.get("repeats")
    if not isinstance(repeats, Mapping):
        return list(rows)
    of_run = {
        run.index: one
        for one in repeated_combinations(sweep.record.runs.values(), str(repeats.get("seed_name")))
        for run in one.runs
    }
    return [
        {
            **row,
            "mean": of_run[row["index"]].mean,
            "spread": of_run[row["index"]].spread,
            "n_values": len(of_run[row["index"]].values),
        }
        for row in rows
    ]


def mean_text(row: Row) -> str:
    """A mean as it stands in the table, with the spread where there is one."""
    if row.get("mean") is None:
        return "–"
    spread = row["spread"]
    return format_number(row["mean"]) + ("" if spread is None else f" ± {format_number(spread)}")
