"""The values of a run that its sweep keeps, read from its log."""

from pathlib import Path

from .aims import Aims, OutcomeTracker


def kept_values(dat_path: Path, aims: Aims) -> dict[str, float]:
    """Return the values in a log of the metrics that a sweep keeps, as far as it has them."""
    from ml_tracking_ops.logger.reading.reader import LogFormatError, read_run_log

    outcome = OutcomeTracker(aims)
    try:
        log = read_run_log(dat_path)
    except (OSError, LogFormatError):
        return {}
    for name in aims.metrics & log.keys():
        outcome.update(name, log[name].step.tolist(), log[name].value.tolist())
    return outcome.values
