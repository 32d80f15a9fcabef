"""How a training loop ends in order when a stopping rule, or a user, stops its run."""

import os
import signal
import threading

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.notices import print_notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def can_watch() -> bool:
    """Whether this is a sweep's run whose script leaves SIGTERM alone."""
    return (
        bool(os.environ.get(paths.RUN_FILE_VARIABLE))
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )


class StopRequest:
    """Whether this run was asked to stop. A sweep asks by SIGTERM, then waits `grace_s`.

    In a sweep's run SIGTERM only sets `is_set`, from `watch` to `unwatch`. The training loop looks
    at it and ends by itself, so that it can save what it has. By hand, in other threads, and where
    the script has a handler of its own, nothing changes.
    """

    def __init__(self) -> None:
        self.is_set = False
        self._is_watching = False

    def watch(self) -> None:
        """Begin to take SIGTERM as a request. A second call does nothing."""
        if not self._is_watching and can_watch():
            self.replace_handler()

    def replace_handler(self) -> None:
        """As `watch`, also where SIGTERM has a handler: one of the framework itself."""
        signal.signal(signal.SIGTERM, self._note)
        self._is_watching = True

    def unwatch(self) -> None:
        """Let SIGTERM end the process again."""
        if self._is_watching:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._is_watching = False

    def _note(self, number: int, frame: "FrameType | None") -> None:
        self.is_set = True
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends the process at once
        print_notice("asked to stop: the training ends after this step")
