"""Estimate how long a running sweep will take, from the runs that ended. Pure."""

from ..store.sweep_record import SweepRecord


def seconds_left(record: SweepRecord, n_planned: int, now: float) -> float | None:
    """Return the remaining seconds: the mean duration of ended runs, for runs to come and running
    ones.

    Running runs that are already longer than the mean count too: if short runs end first, the mean
    of the ended ones is too small. None until a run has ended, since nothing is known then.
    """
    runs = record.runs.values()
    ended = [run for run in runs if run.has_ended and run.started_at and run.ended_at]
    if not ended:
        return None
    mean_s = sum((run.ended_at or 0) - (run.started_at or 0) for run in ended) / len(ended)
    elapsed_s = [now - (run.started_at or now) for run in runs if run.state == "running"]
    mean_s += sum(max(0.0, one - mean_s) for one in elapsed_s) / len(ended)
    begun_s = sum(min(one, mean_s) for one in elapsed_s)
    work_s = max(0.0, mean_s * (n_planned - len(ended)) - begun_s)
    return work_s / max(1, record.n_workers or 1)
