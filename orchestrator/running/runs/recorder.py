"""Write what happens in a sweep to its journal and its record, and report it to the user."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import anyio

from ...store.journal import Event, Journal
from ...store.sweep_record import SweepRecord

Notify = Callable[[Event], None]


class ChangeSignal:
    """A signal for any number of tasks. Each change wakes them all."""

    def __init__(self) -> None:
        self._changed = anyio.Event()

    def note(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def wait(self) -> None:
        await self._changed.wait()


class Recorder:
    """Records events. The journal comes first, so that nothing is reported that is not on disk.

    Args:
        record: the sweep so far.
        notify: receives each event, after it is written.
        changes: noted when a run has ended.
    """

    def __init__(
        self, journal: Journal, record: SweepRecord, notify: Notify, changes: ChangeSignal
    ) -> None:
        self.record = record
        self._journal = journal
        self._notify = notify
        self._changes = changes
        self._has_warned: set[str] = set()

    def write(self, event: str, **fields: Any) -> None:
        written = self._journal.append(event, **fields)
        self.record.apply(written)
        if event == "ended":
            self._changes.note()
        self._notify(written)

    def report(self, event: str, **fields: Any) -> None:
        """Report what does not belong in the journal."""
        self._notify({"event": event, **fields})

    def warn(self, message: str) -> None:
        self.write("warning", message=message)

    def warn_once(self, kind: str, message: str) -> None:
        if kind not in self._has_warned:
            self._has_warned.add(kind)
            self.write("warning", kind=kind, message=message)

    def may_warn_again(self, kind: str) -> None:
        """Allow a further warning of this kind, once the last one is over."""
        if kind not in self.record.open_warnings:
            self._has_warned.discard(kind)

    def take_back(self, kind: str, message: str) -> None:
        """Report that a warning of this kind is over, if there is one."""
        if kind in self.record.open_warnings:
            self.write("warning_over", kind=kind, message=message)

    def note_suspended(self, names: Collection[str]) -> None:
        """Record which running runs are suspended now, if that has changed."""
        for run in list(self.record.runs.values()):
            is_suspended = run.name in names
            if run.state == "running" and is_suspended != (run.suspended_at is not None):
                self.write("suspended" if is_suspended else "continued", index=run.index)

    def flush(self) -> OSError | None:
        """Write what could not be written so far, and return the remaining obstacle, if any."""
        self._journal.flush()
        return self._journal.trouble

    def beat(self) -> None:
        """Show other processes that the sweep's orchestrator is alive."""
        self._journal.beat()

    @property
    def folder(self) -> Path:
        """The current folder of the journal: a sweep's folder may be moved while it runs."""
        return self._journal.folder
