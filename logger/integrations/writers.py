"""What the integrations share: the logger they write to, and which values they take."""

import os

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def writer_for(
    writer: ExperimentLogger | None, logdir: "str | os.PathLike[str]"
) -> ExperimentLogger:
    """Return the logger that a user gave, or a new one in `logdir`."""
    return ExperimentLogger(logdir) if writer is None else writer


def add_numbers(writer: ExperimentLogger, values: "Mapping[str, object]", step: int) -> None:
    """Log the values that are numbers. Booleans, texts and arrays are left out."""
    found = {name: number(value) for name, value in values.items()}
    numbers = {name: value for name, value in found.items() if value is not None}
    if numbers:
        writer.add_scalars(numbers, step)


def number(value: object) -> float | None:
    """Return a number as a float, or None. Scalars of numpy and torch and arrays of one count
    too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    item = getattr(value, "item", None)
    if not callable(item) or getattr(value, "size", None) == 0:
        return None
    try:
        found = item()
    except (ValueError, RuntimeError, TypeError):
        return None
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
    return float(found) if is_number else None
