"""The Pareto front of a sweep with several objectives, in words."""

from collections.abc import Iterator

from ...store.run_record import RunRecord
from ...store.sweep_record import SweepRecord
from .words import format_combination, format_number, format_values

_MOST_LINES = 20


def front_line(record: SweepRecord) -> str:
    """Return `front of 5: accuracy 0.7 to 0.9, latency_ms 2 to 30`, or empty if there is no front
    yet."""
    front = record.front
    if not front:
        return ""
    ranges = (_range(one.metric, front) for one in record.aims.objectives)
    return f"front of {len(front)}: {', '.join(ranges)}"


def _range(metric: str, front: list[RunRecord]) -> str:
    values = [run.values[metric] for run in front]
    least, most = format_number(min(values)), format_number(max(values))
    return f"{metric} {least}" if least == most else f"{metric} {least} to {most}"


def front_lines(record: SweepRecord) -> Iterator[str]:
    """Yield the runs on the front by their first objective, best first, and the hypervolume."""
    front, objectives = record.front, record.aims.objectives
    if not front:
        yield "Pareto front: no run has a value of every objective" + (
            " and meets where" if record.aims.where else ""
        )
        return
    yield f"Pareto front: {len(front)} run{'' if len(front) == 1 else 's'}{_volume(record)}"
    first = objectives[0]
    front.sort(key=lambda run: first.loss(run.values[first.metric]))
    for run in front[:_MOST_LINES]:
        values = {one.metric: run.values[one.metric] for one in objectives}
        yield f"  {run.name}  {format_values(values)}  {format_combination(run.hyperparameters)}"
    if len(front) > _MOST_LINES:
        yield f"  and {len(front) - _MOST_LINES} more"


def _volume(record: SweepRecord) -> str:
    measured = record.measure_front()
    if measured is None:
        return ""
    metrics = [one.metric for one in record.aims.objectives]
    reference = format_values(dict(zip(metrics, measured.reference, strict=True)))
    return f", hypervolume {format_number(measured.volumes[-1])} (reference {reference})"
