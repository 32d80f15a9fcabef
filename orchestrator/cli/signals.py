"""Ctrl-C and similar signals: the first stops a sweep gracefully, the second at once."""

import signal
from collections.abc import Callable

import anyio
import anyio.abc

from ..supervision.os_processes import SIGHUP
from ..sweep import OpenSweep


async def obey_signals(
    sweep: OpenSweep, report: Callable[[str], None], *, task_status: anyio.abc.TaskStatus[None]
) -> None:
    """Handle signals while the sweep is running. Under nohup, SIGHUP is ignored."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(SIGHUP) is not signal.SIG_IGN:
        numbers.append(SIGHUP)
    with anyio.open_signal_receiver(*numbers) as received:
        task_status.started()
        n_received = 0
        async for number in received:
            n_received += 1
            if n_received == 1:
                name = "Ctrl-C" if number == signal.SIGINT else number.name
                report("stopping the runs (Ctrl-C again kills them at once) …")
                sweep.interrupt(f"interrupted ({name})")
            else:
                sweep.kill()
