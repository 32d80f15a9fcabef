"""The record that a logger keeps beside its log: settings, directions of metrics, where it
started."""

from ..notices import NoticePrinter

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of this module
if TYPE_CHECKING:
    Changes = dict[str, object]


def of_config(config: object) -> "Changes":
    """Record settings that the run was started with.

    Raises:
        TypeError: they are neither a mapping nor an object that holds them.
    """
    from .. import run_record

    return {"config": run_record.json_settings(config)}


def of_start(path: str) -> "Changes":
    """Return where and how this process was started, and which run it reruns, if any."""
    from .. import run_record
    from . import reruns

    environment = run_record.environment_of_this_process(path)
    return {"environment": environment, **reruns.record_of_rerun()}


def merge_own_record(path: str, changes: "Changes", notices: NoticePrinter) -> None:
    """Merge into the file beside the log. Warn once if it cannot be written."""
    from .. import run_record

    try:
        run_record.merge(path, changes)
    except OSError as error:
        notices.warn_once(
            f"cannot write {run_record.record_file(path)}: {error.strerror or error}. "
            "The configuration of this run is not kept."
        )
