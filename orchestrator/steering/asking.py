"""Send a request to a sweep's orchestrator, and learn the outcome.

The request is a file, the answer an event in the journal: it does not matter who asks, nor where
the orchestrator runs. If none is at work, the answer explains what can be done instead.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ml_tracking_ops.logger import paths

from ..errors import UsageError
from ..store.catalog import find_item
from ..store.journal import JournalTail
from ..store.run_record import RunRecord
from ..store.run_states import FAILURES, SUBMITTED
from ..store.sweep_folder import Sweep
from ..store.sweep_record import SweepRecord
from .decisions import why_not, withdrawn_text
from .requests import Action, SweepRequest, read_requests, submit, withdraw

_LOOK_S = 0.02
_LOOKS_A_CHECK = 50

RequestOutcome = Literal["done", "recorded", "refused", "unanswered"]


@dataclass(frozen=True)
class RequestAnswer:
    """The outcome of a request. `recorded`: it will be met when the sweep is resumed."""

    outcome: RequestOutcome
    message: str

    @property
    def is_met(self) -> bool:
        return self.outcome in ("done", "recorded")


def send_request(folder: Path, request: SweepRequest, wait_s: float) -> RequestAnswer:
    """Send one request (see `send_requests`)."""
    return send_requests(folder, [request], wait_s)[0]


def send_requests(
    folder: Path, requests: Sequence[SweepRequest], wait_s: float
) -> list[RequestAnswer]:
    """Send requests, and wait a bounded time for the answers.

    Raises:
        UsageError: there is no sweep in `folder`, or the original tool's.
        SweepError: the requests cannot be written.
    """
    sweep = find_item(str(folder), folder.parent)
    if not isinstance(sweep, Sweep):
        raise UsageError(f"{folder} is not a sweep")
    if sweep.is_legacy:
        raise UsageError(f"{folder}: the original tool ran this sweep. It can only be viewed")
    if not sweep.is_at_work:
        return _without_orchestrator(sweep, requests)
    journal = JournalTail(sweep.path / paths.JOURNAL_NAME)
    journal.read()
    for request in requests:
        submit(sweep.path, request)
    return _await_answers(sweep, journal, requests, wait_s)


def _await_answers(
    sweep: Sweep, journal: JournalTail, requests: Sequence[SweepRequest], wait_s: float
) -> list[RequestAnswer]:
    found: dict[str, RequestAnswer] = {}
    deadline = time.monotonic() + wait_s
    n_looks = 0
    while time.monotonic() < deadline:
        found.update(_new_answers(journal))
        if all(request.id in found for request in requests):
            return [found[request.id] for request in requests]
        n_looks += 1
        if n_looks % _LOOKS_A_CHECK == 0 and not _is_at_work_still(sweep):
            found.update(_new_answers(journal))  # its last events, just before the end
            left = [one for one in requests if one.id not in found]
            found.update(zip((one.id for one in left), _after_the_end(sweep, left), strict=True))
            return [found[one.id] for one in requests]
        time.sleep(_LOOK_S)
    return [found.get(one.id) or _unanswered(sweep, wait_s) for one in requests]


def _unanswered(sweep: Sweep, wait_s: float) -> RequestAnswer:
    return RequestAnswer(
        "unanswered",
        f"the orchestrator has not answered within {wait_s:g} s (process {sweep.record.pid} on "
        f"{sweep.record.host}). The request stays and is carried out later",
    )


def _new_answers(journal: JournalTail) -> Iterator[tuple[str, RequestAnswer]]:
    for event in journal.read():
        if event.get("event") == "requested":
            outcome: RequestOutcome = "done" if event.get("outcome") == "done" else "refused"
            yield str(event.get("id")), RequestAnswer(outcome, str(event.get("message")))


def _is_at_work_still(sweep: Sweep) -> bool:
    sweep.refresh()
    return sweep.is_at_work


def _after_the_end(sweep: Sweep, requests: Sequence[SweepRequest]) -> list[RequestAnswer]:
    """Return the answer when the orchestrator ended before it answered."""
    for request in requests:
        withdraw(sweep.path, request)
    return _without_orchestrator(sweep, requests)


def _without_orchestrator(sweep: Sweep, requests: Sequence[SweepRequest]) -> list[RequestAnswer]:
    recorded = _recorded(sweep.path)
    return [
        _answer_without(sweep, request, recorded.get(request.index or 0, []))
        for request in requests
    ]


def _answer_without(
    sweep: Sweep, request: SweepRequest, recorded: Sequence[SweepRequest]
) -> RequestAnswer:
    """Record or refuse a request. `recorded` are those about the same run, oldest first."""
    record = sweep.record
    none = f"this sweep is not running: it is {record.state}"
    resume = (
        f"Study.resume({str(sweep.path)!r})"
        if sweep.is_study
        else f"ml-tracking-ops sweep --resume {sweep.path}"
    )
    run = None if request.index is None else record.runs.get(request.index)
    match request.action:
        case "requeue":
            if (refusal := _record_requeue(sweep, request, run, recorded)) is not None:
                return RequestAnswer("refused", refusal)
            return RequestAnswer(
                "recorded", f"{none}. Run {request.index} runs again when it is resumed: {resume}"
            )
        case "stop" if run is not None and _waits_again(run, recorded):
            return _take_back(sweep, request, run, recorded, none)
        case "workers":
            return RequestAnswer(
                "refused",
                f"{none}. Set the number when you resume it: {resume} "
                f"--workers {request.n_workers}",
            )
        case "continue":
            return RequestAnswer("refused", f"{none}. Resume it: {resume}")
        case "pause":
            return RequestAnswer("refused", f"{none}, so no new runs start")
    runs = [run for run in record.runs.values() if run.state in SUBMITTED]
    if request.index is not None:
        runs = [run for run in runs if run.index == request.index]
    return RequestAnswer("refused", f"{none}. {_survivors_text(runs, resume)}")


def _record_requeue(
    sweep: Sweep, request: SweepRequest, run: RunRecord | None, recorded: Sequence[SweepRequest]
) -> str | None:
    """Record that the next resume reruns a run, or return why that is not possible."""
    if run is None or not (run.waits_again or _waits_again(run, recorded)):
        if (refusal := why_not(request, sweep.record)) is not None:
            return refusal
        submit(sweep.path, request)
    elif not _waits_again(run, recorded) and not _withdraw_all(sweep, recorded, "stop"):
        submit(sweep.path, request)  # an orchestrator has started, and has met what was recorded
    return None


def _take_back(
    sweep: Sweep, request: SweepRequest, run: RunRecord, recorded: Sequence[SweepRequest], none: str
) -> RequestAnswer:
    """Withdraw the request to rerun a run."""
    are_gone = _withdraw_all(sweep, recorded, "requeue")
    message = withdrawn_text(run)
    if are_gone and not run.waits_again:
        return RequestAnswer("done", message)
    submit(sweep.path, request)
    return RequestAnswer("recorded", f"{none}. {message[0].upper()}{message[1:]}")


def _withdraw_all(sweep: Sweep, recorded: Sequence[SweepRequest], action: Action) -> bool:
    """Withdraw all, and return whether each was still there."""
    were_there = [withdraw(sweep.path, one) for one in recorded if one.action == action]
    return all(were_there)


def _waits_again(run: RunRecord, recorded: Sequence[SweepRequest]) -> bool:
    """Return whether a run will run again, according to the last request not yet met."""
    if not (run.has_ended or run.waits_again):
        return False
    return recorded[-1].action == "requeue" if recorded else run.waits_again


def waiting_again(sweep: Sweep) -> list[int]:
    """Return the runs that users requeued and that have not started yet, in order."""
    recorded: Mapping[int, list[SweepRequest]] = {} if sweep.is_at_work else _recorded(sweep.path)
    runs = sweep.record.runs
    indices = sorted({*sweep.kept(_put_back), *(index for index in recorded if index in runs)})
    return [index for index in indices if _waits_again(runs[index], recorded.get(index, []))]


def _put_back(sweep: Sweep) -> list[int]:
    """Return the runs that an orchestrator has requeued, as far as the journal shows."""
    return [run.index for run in sweep.record.runs.values() if run.before is not None]


def _recorded(folder: Path) -> dict[int, list[SweepRequest]]:
    """Return the requests that wait for the sweep's orchestrator, by their run, oldest first."""
    found: dict[int, list[SweepRequest]] = {}
    for _, request in read_requests(folder):
        if request is None or request.index is None:
            continue
        if request.action in ("requeue", "stop"):
            found.setdefault(request.index, []).append(request)
    return found


def _label(run: RunRecord) -> str:
    return "not submitted" if run.ref is None else run.ref.label


def _survivors_text(runs: list[RunRecord], resume: str) -> str:
    if not runs:
        return "There is nothing to stop"
    named = ", ".join(f"run {run.index} ({_label(run)})" for run in runs[:5])
    more = "" if len(runs) <= 5 else f" and {len(runs) - 5} more"
    return (
        f"These runs outlived it: {named}{more}. Resume it to take them over, then stop "
        f"it: {resume}"
    )


def failed_runs(record: SweepRecord) -> list[int]:
    """Return the runs that failed by themselves, in order."""
    return [run.index for run in record.runs.values() if run.state in FAILURES]
