"""One attempt in a slot of a Ray cluster, as the scheduler sees it."""

from collections.abc import Callable
from pathlib import Path

import anyio

from ...store.files.run_refs import RunRef
from ..base import Cause, RunEnd, RunStart, end_by_exit_code, was_killed
from ..runner_record import RunnerRecord, read_record

NAME = "ray"
_PATIENCE_S = 15.0
_ASK_AGAIN_S = 5.0
_CAUSE_BY_WHY: dict[str, Cause] = {"stop": "cancelled", "abandoned": "node_failed"}
Send = Callable[["RayRun", str], None]


class RayRun:
    """A run that was handed to a slot, by this or an earlier orchestrator.

    Args:
        record_path: the place of its record.
        send: sends a request to its runner.
        be_patient: begins to wait a while for an answer to `kill`.
    """

    def __init__(
        self,
        name: str,
        slot: int,
        record_path: Path,
        send: Send,
        be_patient: Callable[["RayRun"], None],
    ) -> None:
        self.name = name
        self.slot = slot
        self.record = RunnerRecord()
        self.end: RunEnd | None = None
        self.is_found: bool | None = None
        self._record_path = record_path
        self._send = send
        self._be_patient = be_patient
        self._reason: str | None = None
        self._changed = anyio.Event()
        self._is_stopping = False

    @property
    def ref(self) -> RunRef:
        return RunRef(NAME, f"{self.slot} {self.name}", f"slot {self.slot + 1} on Ray")

    @property
    def start(self) -> RunStart | None:
        return self.record.start

    # --- what is learned of it ----------------------------------------------------------------

    def see_waiting(self, reason: str) -> None:
        self._reason = reason
        self._note()

    def see_found(self, *, is_found: bool) -> None:
        """Record whether a slot knows the run."""
        self.is_found = is_found
        if not is_found:
            self.read_record()
            self.see_over()
        self._note()

    def read_record(self) -> None:
        self.record = read_record(self._record_path)
        self._note()

    def see_over(self) -> None:
        """Record that all its files are here."""
        self.read_record()
        record = self.record
        if record.exit_code is None:
            if record.not_started is not None:
                self.see_end(RunEnd(None, "never_started", None, record.not_started))
            else:
                self.see_lost("what supervised it on the node is gone")
            return
        by_code = end_by_exit_code(record.exit_code, record.left_running)
        cause = _CAUSE_BY_WHY.get(record.why or "", by_code.cause)
        if record.n_memory_kills and was_killed(record.exit_code):
            cause = "out_of_memory"
        self.see_end(RunEnd(record.exit_code, cause, record.ended_at, None, by_code.left_running))

    def see_lost(self, detail: str, cause: Cause = "node_failed") -> None:
        """Record that the actor of its slot is gone, and the run with it."""
        self.read_record()
        if self.record.exit_code is not None:
            self.see_over()  # it was reported before
        elif self._is_stopping:
            self.see_end(RunEnd(None, "cancelled"))
        elif self.start is None and cause == "node_failed":
            self.see_end(RunEnd(None, "unknown", None, detail))
        else:
            self.see_end(RunEnd(None, cause, None, detail))

    def see_refused(self, detail: str) -> None:
        """Record that it never started."""
        cause: Cause = "cancelled" if self._is_stopping else "never_started"
        self.see_end(RunEnd(None, cause, None, None if self._is_stopping else detail))

    def see_end(self, end: RunEnd) -> None:
        if self.end is None:
            self.end = end
        self._note()

    def _note(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    # --- what the scheduler asks --------------------------------------------------------------

    async def wait_started(self, report: Callable[[str], None]) -> RunStart | None:
        reported: str | None = None
        while self.start is None and self.end is None:
            if self._reason not in (None, reported):
                reported = self._reason
                report(str(reported))
            await self._changed.wait()
        return self.start

    async def wait_found(self) -> bool:
        """Wait until a slot has answered whether it knows the run."""
        while self.is_found is None and self.end is None:
            await self._changed.wait()
        return bool(self.is_found)

    async def wait(self) -> RunEnd:
        while self.end is None:
            await self._changed.wait()
        return self.end

    async def stop(self, grace_s: float) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        with anyio.move_on_after(grace_s + _PATIENCE_S):
            while self.end is None:
                if not self.record.is_stopping:
                    self._send(self, "s")
                await self._wait_ended(_ASK_AGAIN_S)
        while self.end is None:
            self._send(self, "k")
            await self._wait_ended(_ASK_AGAIN_S)

    async def _wait_ended(self, within_s: float) -> None:
        with anyio.move_on_after(within_s):
            await self.wait()

    def kill(self) -> None:
        self._is_stopping = True
        self._send(self, "k")
        self._be_patient(self)
