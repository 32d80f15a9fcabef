"""The processes that tests start handle signals as a terminal's do, however pytest was started.

Under `nohup` SIGHUP is ignored, in the background of a script SIGINT is; children inherit that, and
a sweep rightly takes it for its user's wish. A handler that does nothing keeps pytest as it was,
and the kernel gives every program that is started the default in its place.
"""

import signal
from types import FrameType

import pytest

_NUMBERS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP)


def pytest_configure(config: pytest.Config) -> None:
    if not _has_workers(config):
        give_children_defaults()


def _has_workers(config: pytest.Config) -> bool:
    """Whether tests run in other processes, which inherit from this one what it ignores."""
    is_worker = hasattr(config, "workerinput")
    return not is_worker and bool(getattr(config.option, "numprocesses", None))


def give_children_defaults() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _NUMBERS)
    for number in _NUMBERS:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, _do_nothing)


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """What was ignored still is."""
