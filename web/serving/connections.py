"""Limit what one client may take: connections, and time to send and to receive.

Nobody can exhaust the server by opening connections, by sending requests a byte at a time, or by
requesting much and never reading it.
"""

import asyncio
from collections import Counter
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .access_token import IS_OWNER
from .limits import Limits
from .peer_user import is_owner

OPEN_FILES = 4_096
_RECEIVED_AT_ONCE_BYTES = 32 << 10
_ASKING = (h11.IDLE, h11.SEND_BODY)


class BoundedProtocol(H11Protocol):
    """uvicorn's side of one connection, closed if the client takes too much.

    A request must be complete, body included, within a time after the connection was opened or the
    last answer was sent, however slowly its bytes arrive. An answer that is not read at all is
    given up.
    """

    _n_by_client: ClassVar[Counter[tuple[str, bool]]] = Counter()
    _n_waiting_by_connection: ClassVar[Counter["BoundedProtocol"]] = Counter()
    """Received bytes of requests that have not begun, for which no token was checked yet."""
    _n_waiting: ClassVar[int] = 0

    def __init__(self, *arguments: Any, limits: Limits, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._limits = limits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.max_size = _RECEIVED_AT_ONCE_BYTES  # type: ignore[attr-defined]
        self._request_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        is_owners = is_owner(transport.get_extra_info("socket"))
        self.app_state = {**self.app_state, IS_OWNER: is_owners}
        # all users of this machine have one address, and none may take the owner's connections
        self._address = (self.client[0] if self.client else "", is_owners)
        self._n_by_client[self._address] += 1
        if self._n_by_client[self._address] > self._limits.connections_a_client:
            transport.abort()
        else:
            self._time_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._n_by_client[self._address] -= 1
        if not self._n_by_client[self._address]:
            del self._n_by_client[self._address]
        self._request_timer = _cancelled(self._request_timer)
        self._stall_timer = _cancelled(self._stall_timer)
        self._count_waiting(-self._n_waiting_by_connection.pop(self, 0))
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        cycle = self.cycle
        super().data_received(data)
        self._time_request()
        if self.cycle is not cycle:  # its head is there
            self._count_waiting(-self._n_waiting_by_connection.pop(self, 0))
        elif self.conn.their_state is not h11.SEND_BODY:
            self._n_waiting_by_connection[self] += len(data)
            self._count_waiting(len(data))
            self._close_largest(self._limits.waiting_bytes)

    @classmethod
    def _count_waiting(cls, n_bytes: int) -> None:
        cls._n_waiting += n_bytes

    @classmethod
    def _close_largest(cls, most_bytes: int) -> None:
        """Close the connections that hold most, to keep all together below a limit."""
        while cls._n_waiting > most_bytes:
            greediest, n_bytes = cls._n_waiting_by_connection.most_common(1)[0]
            del cls._n_waiting_by_connection[greediest]
            cls._count_waiting(-n_bytes)
            greediest.transport.abort()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._time_request()

    def _time_request(self) -> None:
        if self.conn.their_state not in _ASKING or self.transport.is_closing():
            self._request_timer = _cancelled(self._request_timer)
        elif self._request_timer is None:
            self._request_timer = self.loop.call_later(self._limits.request_s, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        self._stall_timer = _cancelled(self._stall_timer)
        super().resume_writing()

    def _wait_for_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._stall_timer = self.loop.call_later(self._limits.stalled_s, self._cut_if_stalled, left)

    def _cut_if_stalled(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._wait_for_reader()
        else:
            self.transport.abort()


def _cancelled(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    if timer is not None:
        timer.cancel()
    return None
