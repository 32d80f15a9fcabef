"""Processes that tests start handle signals as in a terminal, however pytest was started.

`nohup` ignores SIGHUP, and a script ignores SIGINT in background processes. Children inherit this,
and a sweep takes it for the wish of its user. A handler that does nothing has the same effect on
pytest, and the kernel resets it to the default in every program that is started.
"""

import signal
from types import FrameType

import pytest

_NUMBERS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP)


def pytest_configure(config: pytest.Config) -> None:
    if not _has_workers(config):
        give_children_defaults()


def _has_workers(config: pytest.Config) -> bool:
    """Return whether tests run in other processes, which inherit ignored signals from this one."""
    is_worker = hasattr(config, "workerinput")
    return not is_worker and bool(getattr(config.option, "numprocesses", None))


def give_children_defaults() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _NUMBERS)
    for number in _NUMBERS:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, _do_nothing)


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Ignore the signal, as before."""
