"""End a training loop in order when a stopping rule, or a user, stops its run."""

import os
import signal
import threading

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.notices import print_notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def can_watch() -> bool:
    """Return whether this is a sweep's run whose script does not handle SIGTERM."""
    return (
        bool(os.environ.get(paths.RUN_FILE_VARIABLE))
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )


class StopRequest:
    """Whether this run was asked to stop. A sweep asks by SIGTERM, then waits `grace_s`.

    In a sweep's run SIGTERM only sets `is_set`, from `watch` to `unwatch`. The training loop checks
    it and ends by itself, so that it can save its state. In a run started by hand, in other
    threads, and if the script has its own handler, nothing changes.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._is_watching = False

    def watch(self) -> None:
        """Begin to take SIGTERM as a request. A second call does nothing."""
        if not self._is_watching and can_watch():
            self.replace_handler()

    def replace_handler(self) -> None:
        """Watch as `watch` does, even if SIGTERM has a handler: the framework's own."""
        signal.signal(signal.SIGTERM, self._note)
        self._is_watching = True

    def unwatch(self) -> None:
        """Let SIGTERM end the process again."""
        if self._is_watching:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._is_watching = False

    def _note(self, number: int, frame: "FrameType | None") -> None:
        self.is_set = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second SIGTERM ends the process at once
        print_notice("asked to stop: the training ends after this step")
