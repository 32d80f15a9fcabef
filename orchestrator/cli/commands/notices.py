"""Messages about a sweep to a user who is elsewhere: `notify` and `--notify`."""

import copy
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..terminal.words import print_message

if TYPE_CHECKING:
    from ...notices.delivery import Delivery
    from ...notices.messages import NoticeWriter
    from ...store.journal import Event
    from ...sweep import OpenSweep


def check_addresses(addresses: Sequence[str]) -> None:
    """Check whether messages can be sent to these addresses, before a sweep is begun.

    Raises:
        UsageError: Apprise is not installed, or does not know an address.
    """
    if addresses:
        from ...notices.delivery import Delivery

        Delivery(addresses, print_message).close()


class SweepNotices:
    """Sends messages about the events of a sweep. Without addresses it does nothing."""

    def __init__(self, writer: "NoticeWriter | None", delivery: "Delivery | None") -> None:
        self._writer = writer
        self._delivery = delivery

    def on_event(self, event: "Event") -> None:
        if self._writer is not None and self._delivery is not None:
            for notice in self._writer.take_in(event, time.monotonic()):
                self._delivery.send(notice)

    def close(self) -> None:
        """Wait a bounded time until everything is sent."""
        if self._delivery is not None:
            self._delivery.close()


def open_notices(sweep: "OpenSweep", addresses: Sequence[str]) -> SweepNotices:
    """Return the messages of a sweep, to its own addresses and to these."""
    wanted = list(dict.fromkeys([*sweep.config.notify, *addresses]))
    if not wanted:
        return SweepNotices(None, None)
    from ...notices.delivery import Delivery
    from ...notices.messages import NoticeWriter

    record = copy.deepcopy(sweep.record)
    writer = NoticeWriter(sweep.folder.name, record, sweep.config.optimization_metric)
    return SweepNotices(writer, Delivery(wanted, print_message))
