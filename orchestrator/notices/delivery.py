"""Sends messages through Apprise, in a thread of its own: a slow service never delays a sweep."""

import os
import queue
import re
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from ..errors import UsageError
from .messages import Notice

_LAST_WAIT_S = 15.0
_MOST_WAITING = 100
_VARIABLE = re.compile(r"\$\{envvar:([^{}]+)\}")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://.+", re.DOTALL)


class _Service(Protocol):
    def notify(self, *, title: str, body: str, notify_type: str) -> object: ...


class Delivery:
    """Sends messages to addresses. An address is a secret: errors contain only its position and
    kind.

    Args:
        addresses: as Apprise takes them, such as `ntfy://topic`. `${envvar:NAME}` is replaced.
            warn: prints a warning for the user.

    Raises:
        UsageError: Apprise is not installed or does not know an address, or a variable is not set.
    """

    def __init__(self, addresses: Sequence[str], warn: Callable[[str], None]) -> None:
        self._services = [_open(address, n) for n, address in enumerate(addresses, start=1)]
        self._show_warning = warn
        self._has_failed: set[str] = set()
        self._waiting: queue.Queue[Notice | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._send_all, name="notices", daemon=True)
        self._thread.start()

    def send(self, notice: Notice) -> None:
        """Send a message as soon as possible. Returns at once."""
        try:
            self._waiting.put_nowait(notice)
        except queue.Full:
            self._warn("full", f"more than {_MOST_WAITING} messages wait. The newest are dropped")

    def close(self) -> None:
        """Wait a bounded time until everything is sent."""
        try:
            self._waiting.put(None, timeout=_LAST_WAIT_S)
        except queue.Full:
            return
        self._thread.join(_LAST_WAIT_S)
        if self._thread.is_alive():
            self._warn("slow", f"the last messages were not sent within {_LAST_WAIT_S:g} s")

    def _send_all(self) -> None:
        while (notice := self._waiting.get()) is not None:
            for kind, service in self._services:
                if not _deliver(service, notice):
                    self._warn(kind, f"a message could not be sent to {kind}. Others are tried")

    def _warn(self, subject: str, message: str) -> None:
        if subject not in self._has_failed:
            self._has_failed.add(subject)
            self._show_warning(f"warning: notify: {message}")


def _deliver(service: _Service, notice: Notice) -> bool:
    try:
        return bool(service.notify(title=notice.title, body=notice.body, notify_type=notice.kind))
    except Exception:  # noqa: BLE001  (a fault of a service, and the sweep continues)
        return False


def _open(address: str, position: int) -> tuple[str, _Service]:
    try:
        import apprise
    except ImportError:
        raise UsageError(
            "notify needs Apprise: pip install 'ml-tracking-ops[notify]', or leave notify out"
        ) from None
    expanded = _VARIABLE.sub(lambda found: _variable(found[1]), address)
    kind = _ADDRESS.fullmatch(expanded)
    service = apprise.Apprise()
    if kind is None or not service.add(expanded):
        what = f"no address that Apprise knows ({kind[1]}://…)" if kind else "no address"
        raise UsageError(
            f"notify: number {position} is {what}. It needs one such as "
            "mailto://user:password@example.org or ntfy://topic"
        )
    return f"{kind[1]}://…", service


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise UsageError(f"notify: the environment variable {name} is not set")
    return value
