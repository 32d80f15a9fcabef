"""The source of metrics of a run started by hand, if not its own log: output or event files."""

import time
from dataclasses import dataclass
from pathlib import Path

from ml_tracking_ops.logger import paths

from ...executors.local.run import LocalRun
from ..runs.events.metrics import EventFileFollower
from ..runs.events.owner import RunProcesses
from ..runs.output_metrics import OutputMetrics


@dataclass(frozen=True)
class MetricsSource:
    """Attributes:
    pattern: how metrics are read from the output, or None if they are not.
    reads_events: whether they are read from event files.
    tensorboard_dir: the folder of the event files, by default the run's own folder.
    """

    pattern: str | None = None
    reads_events: bool = False
    tensorboard_dir: str | None = None


FROM_ITS_LOG = MetricsSource()


def open_metrics(
    source: MetricsSource, dat_path: Path, run_dir: Path, handle: LocalRun
) -> OutputMetrics | EventFileFollower | None:
    """Return the reader of metrics for a run that has just been started."""
    if source.pattern is not None:
        return OutputMetrics(dat_path.with_suffix(paths.LOG_SUFFIX), dat_path, source.pattern)
    if not source.reads_events:
        return None
    folder = Path.cwd() / in_run(source.tensorboard_dir or str(run_dir), run_dir)
    is_own = folder.is_relative_to(run_dir)
    started_at = handle.start.at if handle.start is not None else time.time()
    owner = RunProcesses(handle.pid, started_at, str(dat_path), is_own=is_own)
    return EventFileFollower(folder, dat_path, owner)


def misses(metrics: OutputMetrics | EventFileFollower) -> str | None:
    """Return a message if nothing was read from a run that has ended."""
    if isinstance(metrics, OutputMetrics):
        return f"the program {metrics.explain_misses()}" if metrics.has_only_misses else None
    if metrics.has_files:
        return None
    return f"the program {metrics.explain_misses()}. Name the folder with --tensorboard-dir"


def in_run(text: str, run_dir: Path) -> str:
    """Replace `${run_dir}` and `${run_name}` in a text."""
    name = run_dir.name.removesuffix(paths.RUN_FOLDER_SUFFIX)
    return text.replace("${run_dir}", str(run_dir)).replace("${run_name}", name)
