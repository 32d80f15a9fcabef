"""Values that trainers log and that are not numbers: logged as images, texts and so on."""

from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from .writers import number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def add_media(writer: ExperimentLogger, name: str, value: "Any", step: int) -> bool:
    """Log a figure, an image, a table, an array or a text, and return whether it is one of these.

    A value that cannot be logged, such as an array of objects, gives False and ends no training.
    """
    try:
        return _add(writer, name, value, step)
    except (TypeError, ValueError, OSError):
        return False


def _add(writer: ExperimentLogger, name: str, value: "Any", step: int) -> bool:
    if isinstance(value, str):
        writer.add_text(name, value, step)
    elif callable(getattr(value, "savefig", None)):
        writer.add_figure(name, value, step, close=False)
    elif hasattr(value, "save") and hasattr(value, "mode"):
        writer.add_image(name, value, step)
    elif hasattr(value, "columns") and hasattr(value, "head"):
        writer.add_table(name, value, step)
    elif hasattr(value, "shape") and hasattr(value, "dtype"):
        writer.add_histogram(name, value, step)
    else:
        return _add_of_baselines(writer, name, value, step)
    return True


def _add_of_baselines(writer: ExperimentLogger, name: str, value: "Any", step: int) -> bool:
    """Log a figure or an image that Stable-Baselines3 wraps in a class of its own.

    Returns whether it is one."""
    if hasattr(value, "figure") and hasattr(value, "close"):
        writer.add_figure(name, value.figure, step, close=bool(value.close))
    elif hasattr(value, "image") and hasattr(value, "dataformats"):
        is_path = isinstance(value.image, str)
        writer.add_image(
            name, value.image, step, dataformats=None if is_path else value.dataformats
        )
    else:
        return False
    return True


def without_numbers(values: "Mapping[str, Any]") -> "dict[str, Any]":
    """Return the values that `add_numbers` leaves out."""
    return {name: value for name, value in values.items() if number(value) is None}


def add_all_media(writer: ExperimentLogger, values: "Mapping[str, Any]", step: int) -> None:
    """Log the values that are not numbers."""
    for name, value in values.items():
        add_media(writer, name, value, step)
