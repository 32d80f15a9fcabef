"""Whether a log that records no end is still written. Loads no numpy: lists need only this."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from .. import locks
from ..server_clock import silent_for_s
from ..system_metrics.sampler import system_path
from ..tensorboard.writers import has_writer

_SILENT_AFTER_S = 600.0
_GROWS_S = 10.0


def find_writer(
    dat_path: str, was_written_here: Callable[[], bool]
) -> Literal["writing", "gone", "silent"]:
    """Return whether an unfinished log is written, or how it shows that it is not.

    A lock that is held proves that there is a writer. A free lock proves that there is none
    (`gone`), but only if the log was written on this machine and not copied here. Any other log
    counts as written until it has been silent for ten minutes, by the clock of the file server.
    """
    held = locks.is_held(dat_path)
    if held:
        return "writing"
    if held is False and was_written_here():
        return "gone"
    return "writing" if log_silent_for_s(dat_path) < _SILENT_AFTER_S else "silent"


def are_events_written(path: Path, silent_s: float) -> bool:
    """Return whether event files grew recently, or have a writer, or may have one.

    Args:
        path: the latest of them.
        silent_s: how long they have been silent.
    """
    if silent_s < _GROWS_S:
        return True
    writes = has_writer(path)
    return silent_s < _SILENT_AFTER_S if writes is None else writes


def log_silent_for_s(dat_path: str) -> float:
    """Return seconds since a log grew, or a sample of its system, by the file server's clock."""
    written = [Path(one) for one in (dat_path, system_path(dat_path)) if os.path.exists(one)]
    return min((silent_for_s(one, one.parent) for one in written), default=math.inf)
