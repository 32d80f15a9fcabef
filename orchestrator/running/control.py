"""What the orchestrator does with the requests that it finds in its sweep's folder.

Each is decided on once: the journal's event `requested` says what became of it, and folding that
event is what it does to the sweep's state. The file is removed after that; where a crash comes in
between, the journal knows the request already.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

from ..steering.requests import Request, read_requests, remove, workers_problem
from ..store.run_states import RESUMED
from ..store.states import RunRecord, SweepRecord

Outcome = Literal["done", "refused"]


class Controlled(Protocol):
    """What can be asked of a sweep that goes on."""

    record: SweepRecord

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is started, ever."""

    def stop_by_hand(self, reason: str) -> None:
        """End the sweep in order."""

    def stop_run_by_hand(self, index: int) -> None:
        """End a run in order."""

    def run_again(self, index: int) -> None:
        """Let a run that the state holds as pending be started."""

    def run_no_more(self, index: int) -> None:
        """Do not start a run that the state held as pending a moment ago."""

    def resize(self, n_workers: int) -> None:
        """Change how many runs go on at once."""

    def wake(self) -> None:
        """Look again whether something may be started."""


class Control:
    """Takes in requests, decides on each, has it done, and records it.

    Args:
        record: writes an event to the journal and folds it into the state.
    """

    def __init__(self, folder: Path, sweep: Controlled, record: Callable[..., None]) -> None:
        self._folder = folder
        self._sweep = sweep
        self._record = record
        self._owner = folder.stat().st_uid
        self._left: set[str] = set()

    def take_in(self, *, is_start: bool = False) -> None:
        """Do what is asked.

        Args:
            is_start: the sweep is just being resumed: what was asked of it as a whole before
                does not count any more, since resuming it is the newer wish.
        """
        for path, request in read_requests(self._folder, self._owner):
            identity = path.stem
            if identity not in self._sweep.record.requests and identity not in self._left:
                self._left.add(identity)
                self._decide(identity, request, is_start)
            if remove(self._folder, identity):
                self._left.discard(identity)

    def _decide(self, identity: str, request: Request | None, is_start: bool) -> None:
        if request is None:
            self._tell(identity, None, "refused", "the file in requests/ is no request")
            return
        if is_start and request.index is None and request.action != "workers":
            self._tell(identity, request, "refused", "the sweep was resumed after it was asked")
            return
        refusal = why_not(request, self._sweep.record)
        if self._sweep.is_ending and request.action in ("pause", "continue", "workers"):
            refusal = "the sweep is ending: nothing more is started"
        if refusal is not None:
            self._tell(identity, request, "refused", refusal)
            return
        self._do(identity, request)

    def _do(self, identity: str, request: Request) -> None:
        record, by = self._sweep.record, f"by hand ({request.by})" if request.by else "by hand"
        match request:
            case Request(action="stop", index=None):
                self._tell(identity, request, "done", "every run is stopped, then the sweep ends")
                self._sweep.stop_by_hand(f"stopped {by}")
            case Request(action="stop", index=int(index)) if record.runs[index].waits_again:
                message = not_again(record.runs[index])
                self._tell(identity, request, "done", message, taken_back=True)
                self._sweep.run_no_more(index)
            case Request(action="stop", index=int(index)):
                self._tell(
                    identity, request, "done", f"run {index} is stopped", reason=f"stopped {by}"
                )
                self._sweep.stop_run_by_hand(index)
            case Request(action="requeue", index=int(index)):
                attempt = record.runs[index].attempt + (record.runs[index].name is not None)
                message = f"run {index} runs again {self._when()}, as attempt {attempt}"
                self._tell(identity, request, "done", message, attempt=attempt)
                self._sweep.run_again(index)
            case Request(action="workers", n_workers=int(n_workers)):
                self._tell(identity, request, "done", _workers_text(n_workers, record))
                self._sweep.resize(n_workers)
            case _:
                is_pause = request.action == "pause"
                self._tell(
                    identity,
                    request,
                    "done",
                    (
                        f"paused {by}: what runs goes on, nothing new starts"
                        if is_pause
                        else "the sweep goes on"
                    ),
                )
                self._sweep.wake()

    def _when(self) -> str:
        """When what was put back is started."""
        if self._sweep.is_ending:
            return "when the sweep is resumed"
        return "when the paused sweep goes on" if self._sweep.record.is_paused else "in a free slot"

    def _tell(
        self, identity: str, request: Request | None, outcome: Outcome, message: str, **fields: Any
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
        self._record("requested", id=identity, **asked, outcome=outcome, message=message, **fields)


def why_not(request: Request, sweep: SweepRecord) -> str | None:
    """Why a request cannot be met as things are; None where it can."""
    if request.index is not None:
        run = sweep.runs.get(request.index)
        if run is None:
            return f"there is no run {request.index} in this sweep yet"
        return _why_not_run(request, run)
    match request.action:
        case "pause" if sweep.is_paused:
            return "the sweep is paused already"
        case "continue" if not sweep.is_paused:
            return "the sweep is not paused"
        case "requeue":
            return "it must be said which run is to run again"
        case "workers":
            return workers_problem(request.n_workers)
    return None


def _why_not_run(request: Request, run: RunRecord) -> str | None:
    match request.action, run.state:
        case "stop", "running":
            if run.stopped_by_hand or run.stopped_by:
                return f"run {run.index} is being stopped already"
            return None
        case "stop", "pending":
            if run.waits_again:
                return None
            if run.name is None:
                return f"run {run.index} has not started yet"
            return f"run {run.index} failed and waits to be tried again; stop it once it runs"
        case "stop", state:
            return f"run {run.index} has ended already: it is {state.replace('_', ' ')}"
        case "requeue", "running":
            return f"run {run.index} is running; stop it first"
        case "requeue", "pending":
            return f"run {run.index} waits to be started already"
        case "requeue", _:
            return None
        case action, _:
            return f"{action} is for a sweep, not for one of its runs"


def not_again(run: RunRecord) -> str:
    """What becomes of a run that is not run again after all."""
    was = run.before or run
    state = was.state.replace("_", " ")
    if was.state in RESUMED and was.stopped_by_hand is None:
        return f"run {run.index} stays {state}; a resume runs it again, as all interrupted ones"
    return f"run {run.index} is not run again: it stays {state}"


def _workers_text(n_workers: int, sweep: SweepRecord) -> str:
    n_running = sweep.counts.get("running", 0)
    text = f"{n_workers} run{'' if n_workers == 1 else 's'} at once from now on"
    more = n_running - n_workers
    return text + (f"; {more} of those that run now are not replaced" if more > 0 else "")
