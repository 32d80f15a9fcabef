"""Carry out the requests that the orchestrator finds in its sweep's folder.

Each is decided once: the journal's event `requested` records the outcome, and folding that event
has the effect on the sweep's state. The file is removed after that. After a crash in between, the
journal already has the request.
"""

from pathlib import Path
from typing import Any, Literal

from ..steering.decisions import why_not, withdrawn_text, workers_text
from ..steering.requests import SweepRequest, read_requests, remove_request
from .pool import Pool
from .runs.active import ActiveRuns
from .runs.recorder import ChangeSignal, Recorder
from .runs.sweep_ending import SweepEnding

Outcome = Literal["done", "refused"]


class SweepControl:
    """Takes in requests, decides on each, carries it out, and records it.

    Args:
        folder: the sweep's, in which users leave their requests.
    """

    def __init__(
        self,
        folder: Path,
        recorder: Recorder,
        active: ActiveRuns,
        ending: SweepEnding,
        pool: Pool,
        changes: ChangeSignal,
    ) -> None:
        self._folder = folder
        self._recorder = recorder
        self._active = active
        self._ending = ending
        self._pool = pool
        self._changes = changes
        self._owner = folder.stat().st_uid
        self._left: set[str] = set()

    def take_in(self, *, is_start: bool = False) -> None:
        """Carry out the requests.

        Args:
            is_start: the sweep is being resumed: earlier requests about the whole sweep no longer
                count, since resuming it is the newer one.
        """
        for path, request in read_requests(self._folder, self._owner):
            identity = path.stem
            if identity not in self._recorder.record.requests and identity not in self._left:
                self._left.add(identity)
                self._decide(identity, request, is_start)
            if remove_request(self._folder, identity):
                self._left.discard(identity)

    def _decide(self, identity: str, request: SweepRequest | None, is_start: bool) -> None:
        if request is None:
            self._record(identity, None, "refused", "the file in requests/ is not a request")
            return
        if is_start and request.index is None and request.action != "workers":
            self._record(identity, request, "refused", "the sweep was resumed after this request")
            return
        refusal = why_not(request, self._recorder.record)
        if self._ending.has_begun and request.action in ("pause", "continue", "workers"):
            refusal = "the sweep is ending, so no more runs start"
        if refusal is not None:
            self._record(identity, request, "refused", refusal)
            return
        self._do(identity, request)

    def _do(self, identity: str, request: SweepRequest) -> None:
        record, by = self._recorder.record, f"by hand ({request.by})" if request.by else "by hand"
        match request:
            case SweepRequest(action="stop", index=None):
                self._record(identity, request, "done", "every run is stopped, then the sweep ends")
                self._ending.interrupt(f"stopped {by}")
            case SweepRequest(action="stop", index=int(index)) if record.runs[index].waits_again:
                message = withdrawn_text(record.runs[index])
                self._record(identity, request, "done", message, taken_back=True)
                self._pool.unqueue(index)
            case SweepRequest(action="stop", index=int(index)):
                self._record(
                    identity, request, "done", f"run {index} is stopped", reason=f"stopped {by}"
                )
                self._active.stop_by_hand(index)
            case SweepRequest(action="requeue", index=int(index)):
                attempt = record.runs[index].attempt + (record.runs[index].name is not None)
                message = f"run {index} runs again {self._when()}, as attempt {attempt}"
                self._record(identity, request, "done", message, attempt=attempt)
                self._pool.run_again(index)
            case SweepRequest(action="workers", n_workers=int(n_workers)):
                self._record(identity, request, "done", workers_text(n_workers, record))
                self._pool.resize(n_workers)
            case _:
                is_pause = request.action == "pause"
                self._record(
                    identity,
                    request,
                    "done",
                    (
                        f"paused {by}: running runs finish, no new ones start"
                        if is_pause
                        else "the sweep continues"
                    ),
                )
                self._changes.note()

    def _when(self) -> str:
        """Return when what was put back is started."""
        if self._ending.has_begun:
            return "when the sweep is resumed"
        return (
            "when the paused sweep continues"
            if self._recorder.record.is_paused
            else "in a free slot"
        )

    def _record(
        self,
        identity: str,
        request: SweepRequest | None,
        outcome: Outcome,
        message: str,
        **fields: Any,
    ) -> None:
        asked = (
            {}
            if request is None
            else {
                "action": request.action,
                "by": request.by,
                "asked_at": request.time,
                "index": request.index,
                "n_workers": request.n_workers,
            }
        )
        asked = {key: value for key, value in asked.items() if value is not None}
        self._recorder.write(
            "requested", id=identity, **asked, outcome=outcome, message=message, **fields
        )
