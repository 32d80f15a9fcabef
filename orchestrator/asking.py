"""Asking a sweep's orchestrator for something, and learning what became of it.

The request is a file, the answer an event in the journal: it does not matter who asks, nor where
the orchestrator runs. Where none is at work, it is said what can be done instead.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ml_tracking_ops.logger import paths

from .catalog import Sweep, find
from .control import why_not
from .errors import UsageError
from .journal import JournalTail, RunState
from .requests import Request, submit, withdraw

_LOOK_S = 0.02
_LOOKS_A_CHECK = 50

Outcome = Literal["done", "recorded", "refused", "unanswered"]


@dataclass(frozen=True)
class Answer:
    """What became of a request; `recorded`: it will be met when the sweep is resumed."""

    outcome: Outcome
    message: str

    @property
    def is_met(self) -> bool:
        return self.outcome in ("done", "recorded")


def ask(folder: Path, request: Request, wait_s: float) -> Answer:
    """Ask, and wait a bounded time for the answer.

    Raises:
        UsageError: there is no sweep in `folder`, or the original tool's.
        SweepError: the request cannot be written.
    """
    sweep = find(str(folder), folder.parent)
    if not isinstance(sweep, Sweep):
        raise UsageError(f"{folder} is no sweep")
    if sweep.is_legacy:
        raise UsageError(f"{folder}: the original tool ran this sweep; it can be looked at only")
    if not sweep.is_at_work:
        return _without_orchestrator(sweep, request)
    answers = JournalTail(sweep.path / paths.JOURNAL_NAME)
    answers.read()
    submit(sweep.path, request)
    return _await_answer(sweep, answers, request, wait_s)


def _await_answer(sweep: Sweep, answers: JournalTail, request: Request, wait_s: float) -> Answer:
    deadline = time.monotonic() + wait_s
    n_looks = 0
    while time.monotonic() < deadline:
        if (answer := _find_answer(answers, request)) is not None:
            return answer
        n_looks += 1
        if n_looks % _LOOKS_A_CHECK == 0 and not _is_at_work_still(sweep):
            # the journal's last words may have come just before the end
            return _find_answer(answers, request) or _after_the_end(sweep, request)
        time.sleep(_LOOK_S)
    return Answer(
        "unanswered",
        f"the orchestrator has not answered within {wait_s:g} s (process {sweep.state.pid} on "
        f"{sweep.state.host}); the request stays and is met as soon as it looks",
    )


def _find_answer(answers: JournalTail, request: Request) -> Answer | None:
    for event in answers.read():
        if event.get("event") == "requested" and event.get("id") == request.id:
            outcome: Outcome = "done" if event.get("outcome") == "done" else "refused"
            return Answer(outcome, str(event.get("message")))
    return None


def _is_at_work_still(sweep: Sweep) -> bool:
    sweep.refresh()
    return sweep.is_at_work


def _after_the_end(sweep: Sweep, request: Request) -> Answer:
    """The orchestrator ended before it answered."""
    withdraw(sweep.path, request)
    return _without_orchestrator(sweep, request)


def _without_orchestrator(sweep: Sweep, request: Request) -> Answer:
    state = sweep.state
    none = f"no orchestrator is at work on this sweep: it is {state.status}"
    resume = f"ml-tracking-ops sweep --resume {sweep.path}"
    match request.action:
        case "requeue":
            if (refusal := why_not(request, state)) is not None:
                return Answer("refused", refusal)
            submit(sweep.path, request)
            return Answer("recorded", f"{none}. Run {request.index} runs again when it is "
                          f"resumed: {resume}")  # fmt: skip
        case "workers":
            return Answer("refused", f"{none}. Give the number when it is resumed: {resume} "
                          f"--workers {request.n_workers}")  # fmt: skip
        case "continue":
            return Answer("refused", f"{none}. Go on with it: {resume}")
        case "pause":
            return Answer("refused", f"{none}, so nothing new is started")
    runs = [run for run in state.runs.values() if run.status == "running"]
    if request.index is not None:
        runs = [run for run in runs if run.index == request.index]
    return Answer("refused", f"{none}. {_who_goes_on(runs, resume)}")


def _who_goes_on(runs: list[RunState], resume: str) -> str:
    if not runs:
        return "There is nothing to stop"
    named = ", ".join(f"run {run.index} (process group {run.pid})" for run in runs[:5])
    more = "" if len(runs) <= 5 else f" and {len(runs) - 5} more"
    return (
        f"What outlived it: {named}{more}. Resume it, which watches them, and stop then: {resume}"
    )


def recorded_requests(folder: Path) -> list[Request]:
    """What waits for the sweep's orchestrator, oldest first."""
    from .requests import read_requests

    return [request for _, request in read_requests(folder) if request is not None]
