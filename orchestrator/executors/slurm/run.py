"""One attempt as a job of Slurm, as the scheduler sees it."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import anyio

from ...store.files.run_refs import RunRef
from ..base import RunEnd, RunStart
from ..runner_record import RunnerRecord
from .life import AttemptEvidence, AttemptState, judge
from .queue import PENDING, SUSPENDED, Job

NAME = "slurm"
ASK_AGAIN_S = 5.0
_CANCEL_AGAIN_S = 60.0
_PATIENCE_S = 15.0


class Signals(Protocol):
    """The requests that can be made for a job. Each returns at once."""

    def stop(self, job_id: str) -> None:
        """Have its runner ask the process to end."""

    def kill(self, job_id: str) -> None:
        """Have its runner end the process at once."""

    def cancel(self, job_id: str) -> None:
        """Have Slurm end the job."""


@dataclass
class JobHistory:
    """Slurm's answers about one attempt so far. Times are of the monotonic clock.

    Attributes:
        submitted_at: when it was submitted, or looked for first.
        changed_at: when the answer last changed.
    """

    submitted_at: float = field(default_factory=time.monotonic)
    job: Job | None = None
    n_absent: int = 0
    changed_at: float = field(default_factory=time.monotonic)

    def take_in(self, job: Job | None) -> None:
        if job is None:
            self.n_absent += 1
            if self.job is not None and self.job.is_over:
                return  # what was over is forgotten after a while
        else:
            self.n_absent = 0
        state, before = (one and one.state for one in (job, self.job))
        if state != before or self.n_absent == 1:
            self.changed_at = time.monotonic()
        self.job = job


class SlurmRun:
    """A job that was submitted, by this or an earlier orchestrator.

    Args:
        name: of the attempt. `job_name` is unique to it.
        job_id: None if it is not known whether there is a job.
        is_own: this process has submitted it, or is about to. Any other number is only in a
            journal: it may be another job's by now, and no request is sent to that.
        leftovers_within_s: how long processes left running may take to end.
        last_output: the last output of the job itself, for people.
    """

    def __init__(
        self,
        name: str,
        job_name: str,
        job_id: str | None,
        signals: Signals,
        leftovers_within_s: float,
        last_output: Callable[[], str],
        *,
        is_own: bool,
    ) -> None:
        self.name = name
        self.job_name = job_name
        self.job_id = job_id
        self.history = JobHistory()
        self.record = RunnerRecord()
        self.silent_for_s = 0.0
        self.verdict = AttemptState("waiting")
        self._signals = signals
        self._leftovers_within_s = leftovers_within_s
        self._last_output = last_output
        self._is_own = is_own
        self._read_at = 0.0
        self._exited_at: float | None = None
        self._started_seen_at: float | None = None
        self._changed = anyio.Event()
        self._is_stopping = False
        self._is_to_be_killed = False

    @property
    def ref(self) -> RunRef:
        label = "job not known yet" if self.job_id is None else f"job {self.job_id}"
        return RunRef(NAME, f"{self.job_id or '-'} {self.job_name}", label)

    @property
    def start(self) -> RunStart | None:
        return self.record.start

    @property
    def has_ended(self) -> bool:
        return self.verdict.phase == "ended"

    @property
    def is_suspended(self) -> bool:
        """Whether Slurm has suspended it."""
        job = self.history.job
        return not self.has_ended and job is not None and job.state in SUSPENDED

    # --- what is learned of it ----------------------------------------------------------------

    def see_record(self, record: RunnerRecord, read_at: float | None = None) -> None:
        """Take in the record. The number in it is that of the real job.

        Args:
            read_at: when the read began, by the monotonic clock, if not just now. A record read
                before what is known is outdated.
        """
        read_at = time.monotonic() if read_at is None else read_at
        if read_at < self._read_at:
            return
        self._read_at = read_at
        if record.started_at is not None and self._started_seen_at is None:
            self._started_seen_at = time.monotonic()
            self.history.job = self._corrected(self.history.job, 0.0)
        self.record = record
        self.job_id = record.job or self.job_id
        if record.exit_code is not None and self._exited_at is None:
            self._exited_at = time.monotonic()
        self.look()

    def see_jobs(self, jobs: list[Job], asked_at: float = math.inf) -> list[Job]:
        """Take in the jobs that Slurm has of its name, and return those that are too many.

        Args:
            asked_at: when Slurm was asked, by the monotonic clock.
        """
        known = next((job for job in jobs if job.id == self.job_id), None)
        if known is None and jobs and self.record.job is None:
            known = jobs[0]  # submitted while the number could not be learned
            self.job_id = known.id
        self.history.take_in(self._corrected(known, asked_at))
        self.look()
        return [job for job in jobs if job is not known and not job.is_over]

    def _corrected(self, job: Job | None, asked_at: float) -> Job | None:
        """Correct Slurm's answer: that a job waits is outdated once its process is known to have
        started.

        A job that waits although it had started was preempted: only a later answer can show that.
        """
        is_old = self._started_seen_at is not None and asked_at <= self._started_seen_at
        if job is None or not is_old or job.state not in PENDING:
            return job
        return replace(job, state="RUNNING", reason="None")

    def look(self) -> None:
        """Determine its state again."""
        if self.has_ended:
            return
        now, history = time.monotonic(), self.history
        verdict = judge(
            AttemptEvidence(
                self.record,
                history.job,
                history.n_absent,
                now - history.submitted_at,
                now - history.changed_at,
                self.silent_for_s,
                0.0 if self._exited_at is None else now - self._exited_at,
                self._leftovers_within_s,
            )
        )
        if verdict.end is not None and verdict.end.cause == "never_started":
            verdict = self._with_output(verdict, verdict.end)
        if self._is_to_be_killed:
            self.kill()
        if verdict != self.verdict:
            self.verdict = verdict
            self._changed.set()
            self._changed = anyio.Event()

    def _with_output(self, verdict: AttemptState, end: RunEnd) -> AttemptState:
        if end.detail is not None:
            return verdict
        output, exit_code = self._last_output(), self.record.setup_exit_code
        if exit_code is not None:
            why = f"the job ended with exit code {exit_code} before the run started"
        else:
            why = "the job failed before it started" if output else "Slurm could not start it"
        if output:
            why += f": {output}"
        elif exit_code is not None:
            why += " and printed nothing. Check setup and python in executor"
        return replace(verdict, end=replace(end, detail=why))

    # --- what the scheduler asks --------------------------------------------------------------

    async def wait_started(self, report: Callable[[str], None]) -> RunStart | None:
        reported: str | None = None
        while self.start is None and not self.has_ended:
            if self.verdict.reason not in (None, reported):
                reported = self.verdict.reason
                report(str(reported))
            await self._changed.wait()
        return self.start

    async def wait(self) -> RunEnd:
        while self.verdict.end is None:
            await self._changed.wait()
        return self.verdict.end

    async def stop(self, grace_s: float) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        with anyio.move_on_after(grace_s + _PATIENCE_S):
            await self._stop_in_order()
        while not self.has_ended:
            if (job_id := self._job_to_signal) is not None:
                self._signals.cancel(job_id)
            await self._wait_ended(1.0 if job_id is None else _CANCEL_AGAIN_S)

    async def _stop_in_order(self) -> None:
        """Ask until the record shows that it was received, then wait."""
        while not self.has_ended:
            job_id = self._job_to_signal
            if job_id is None:
                await self._wait_ended(1.0)
                continue
            if self.record.started_at is None or self.is_suspended:
                self._signals.cancel(job_id)
            elif not self.record.is_stopping:
                self._signals.stop(job_id)
            await self._wait_ended(ASK_AGAIN_S)

    async def _wait_ended(self, within_s: float) -> None:
        with anyio.move_on_after(within_s):
            await self.wait()

    def kill(self) -> None:
        job_id = self._job_to_signal
        self._is_to_be_killed = job_id is None
        if job_id is not None and (self.start is None or self.is_suspended):
            self._signals.cancel(job_id)
        elif job_id is not None:
            self._signals.kill(job_id)

    @property
    def _job_to_signal(self) -> str | None:
        """The number of its job, or None as long as that may be another one's.

        A controller that crashes gives the number of a job that it lost to the next one.
        """
        is_listed = self.history.job is not None and self.history.job.id == self.job_id
        is_certain = is_listed or (self._is_own and self.history.n_absent == 0)
        return self.job_id if is_certain else None
