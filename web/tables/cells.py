"""One cell of a table: its text, and its tooltip. Pure."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from ml_tracking_ops.orchestrator.store.combinations import spread_of
from ml_tracking_ops.orchestrator.store.files.fields import is_number

from ..runs.formats import format_long, format_mean, format_number, format_step
from .rows import Row

NO_VALUE = "–"


@dataclass(frozen=True)
class Cell:
    """`follows`: which statistic of a metric it shows (last, min or max), `step`: of which step.

    `pad`: the digits that it lacks for its point to be below that of the others.
    `href`: the address of its image.
    """

    text: str = ""
    title: str = ""
    follows: str | None = None
    metric: str = ""
    step: int | None = None
    pad: str = ""
    href: str | None = None


def empty_cell(_: Row) -> Cell:
    """Return the cell of a column that the template draws from the row itself."""
    return Cell()


def text_cell(text: str | None) -> Cell:
    return Cell(text or "", text or "")


def best_value_cell(row: Row) -> Cell:
    if row.group is not None:
        return mean_cell(run.best_value for run in row.runs)
    if row.runs:
        return combination_cell(row)
    value, step = row.best_value, row.best_step
    title = "" if value is None else str(value)
    return Cell(
        NO_VALUE if value is None else format_number(value),
        title if step is None else f"{title} at step {step}",
    )


def best_step_cell(row: Row) -> Cell:
    return Cell(format_step(row.best_step))


def outcome_cell(metric: str, row: Row) -> Cell:
    """Return the value of one of several objectives."""
    value = row.values.get(metric)
    return Cell(NO_VALUE) if value is None else Cell(format_number(value), str(value))


def hyperparameter_cell(row: Row, name: str) -> Cell:
    """Return the cell of a hyperparameter, which may be null. That is not the same as missing."""
    if not row.has_setting(name):
        own = [run for run in row.runs if run.has_setting(name)]
        if not own:
            return Cell(NO_VALUE)
        if row.group is not None and setting_mean(row, name) is not None:
            return mean_cell(run.setting(name) for run in own)
        values = ", ".join(dict.fromkeys(format_number(run.setting(name)) for run in own))
        if row.group is not None:
            n = len(dict.fromkeys(format_number(run.setting(name)) for run in own))
            return Cell(f"{n} value{'' if n == 1 else 's'}", format_long(values))
        return Cell(f"{len(own)} value{'' if len(own) == 1 else 's'}", values)
    value = row.setting(name)
    return Cell(format_number(value), format_long(value))


def setting_mean(row: Row, name: str) -> float | None:
    """Return the mean of a setting over the runs of a group that have it, if all are numbers."""
    values = [run.setting(name) for run in row.runs if run.has_setting(name)]
    return mean_of(values) if len(numeric_values(values)) == len(values) else None


def statistic_cell(row: Row, follows: str, metric: str, value: object) -> Cell:
    """Return a statistic that the page itself updates while the run logs: last, min or max."""
    found = row.metrics.get(metric)
    return Cell(
        NO_VALUE if value is None else format_number(value),
        "" if value is None else str(value),
        follows,
        metric,
        found.last_step if follows == "last" and found is not None else None,
    )


def combination_cell(row: Row) -> Cell:
    """Return the mean over the repeats of a combination, with the spread if there is one."""
    found = row.combination
    if found is None:
        return Cell(NO_VALUE)
    of = f"of {found.n_runs} run{'' if found.n_runs == 1 else 's'}"
    values = f"{found.n_values} value{'' if found.n_values == 1 else 's'}"
    rest = f". {found.n_left_out} not counted, stopped early or failed" if found.n_left_out else ""
    return Cell(found.text, f"mean ± standard deviation of {values} {of}{rest}")


def mean_of(values: Iterable[object]) -> float | None:
    """Return the mean of the numbers among some values."""
    known = numeric_values(values)
    return statistics.fmean(known) if known else None


def mean_cell(values: Iterable[object]) -> Cell:
    """Return the mean of the values of a combination's runs, with the spread if there is one."""
    known = numeric_values(values)
    if not known:
        return Cell(NO_VALUE)
    text = format_mean(statistics.fmean(known), spread_of(known))
    return Cell(text, f"mean ± standard deviation of {len(known)} values")


def numeric_values(values: Iterable[object]) -> list[float]:
    """Return the values that are numbers. True and false are not numbers."""
    return [one for one in values if is_number(one)]
