"""Follow the jobs of a sweep: their records as they grow, and Slurm's answers now and then."""

import time
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread

from ml_tracking_ops.logger.server_clock import server_time, touched_at

from ...store.watching.watcher import URGENT_PAUSE_TO_WORK, watch_files
from ..base import EngineNotices
from ..runner_record import RunnerRecord, read_record
from ..tasks import in_turns
from .client import SlurmClient
from .files import SlurmFiles
from .queue import Job, group_by_name, never_starts
from .run import SlurmRun

LOOK_S = 1.0
_SOON_S = 5.0
_FIRST_POLL_S = 1.0
_QUEUED_AT_ONCE = 32
_BEATS_S = 10.0


class Signaller:
    """Sends requests for jobs, all of a kind in one command.

    A command that takes long delays no other: Slurm tries for minutes to signal a suspended job.

    Attributes:
        asked_at: when Slurm's last answer became outdated: a job was ended, or not signalled.
    """

    def __init__(self, client: SlurmClient) -> None:
        self._client = client
        self._asked: dict[str, set[str]] = {}
        self._is_asked = anyio.Event()
        self.asked_at = -1e9

    def stop(self, job_id: str) -> None:
        self._ask("USR2", job_id)

    def kill(self, job_id: str) -> None:
        self._ask("QUIT", job_id)

    def cancel(self, job_id: str) -> None:
        self._ask("", job_id)

    def _ask(self, kind: str, job_id: str) -> None:
        self._asked.setdefault(kind, set()).add(job_id)
        self._is_asked.set()

    async def work(self) -> None:
        async with anyio.create_task_group() as commands:
            while True:
                await self._is_asked.wait()
                self._start_all(commands)

    async def flush(self) -> None:
        """Send the requests made until now. What Slurm does not accept is requested again by the
        run."""
        async with anyio.create_task_group() as commands:
            self._start_all(commands)

    def _start_all(self, commands: anyio.abc.TaskGroup) -> None:
        self._is_asked = anyio.Event()
        asked, self._asked = self._asked, {}
        for kind, ids in asked.items():
            commands.start_soon(anyio.to_thread.run_sync, self._pass_on, kind, sorted(ids))

    def _pass_on(self, kind: str, ids: list[str]) -> None:
        try:
            if kind:
                self._client.signal(ids, kind)
            else:
                self._client.cancel(ids)
                self.asked_at = time.monotonic()
        except OSError:
            self.asked_at = time.monotonic()


class JobWatch:
    """All jobs of one sweep that have not ended.

    Args:
        poll_s: seconds between two requests to Slurm.
    """

    def __init__(self, client: SlurmClient, signaller: Signaller, poll_s: float) -> None:
        self._client = client
        self._signaller = signaller
        self._poll_s = poll_s
        self._files: SlurmFiles | None = None
        self._has_folder = anyio.Event()
        self._runs: dict[str, SlurmRun] = {}
        self._turn = 0
        self._polled_at = -1e9
        self._poll_lock = anyio.Lock()
        self._beat_at = 0.0
        self._silence: str | None = None
        self._suspended: frozenset[str] | None = None
        self.notices: EngineNotices | None = None

    def open(self, files: SlurmFiles) -> None:
        """Follow the records in this sweep's folder."""
        self._files = files
        self._has_folder.set()

    def add(self, run: SlurmRun) -> None:
        self._runs[run.name] = run

    async def work(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow_records)
            tasks.start_soon(self._look_regularly)
            tasks.start_soon(self._poll_regularly)

    # --- records ------------------------------------------------------------------------------

    async def _follow_records(self) -> None:
        await self._has_folder.wait()
        assert self._files is not None
        watching = watch_files(self._files.folder, pause_to_work=URGENT_PAUSE_TO_WORK)
        async with aclosing(watching) as changes:
            async for changed in changes:
                names = {path.name.partition(".")[0] for path in changed}
                await self.read(self._runs[name] for name in names if name in self._runs)

    async def _look_regularly(self) -> None:
        """Read records even without events, as on network file systems."""
        while True:
            await anyio.sleep(LOOK_S)
            for name in [name for name, run in self._runs.items() if run.has_ended]:
                del self._runs[name]
            await self.read(self._due())
            if time.monotonic() >= self._beat_at:
                self._beat_at = time.monotonic() + _BEATS_S
                await self._listen()

    def _due(self) -> list[SlurmRun]:
        """Return those that have begun, and some of those that wait, in turn."""
        queued = [run for run in self._runs.values() if not _has_begun(run)]
        begun = [run for run in self._runs.values() if _has_begun(run)]
        first, self._turn = self._turn, self._turn + _QUEUED_AT_ONCE
        if self._turn >= len(queued):
            self._turn = 0
        return [*begun, *queued[first : first + _QUEUED_AT_ONCE]]

    async def read(self, runs: Iterable[SlurmRun]) -> None:
        """Take in the records of these runs."""
        wanted = [run for run in runs if not run.has_ended]
        if not wanted or self._files is None:
            return
        paths = [self._files.record_path(run.name) for run in wanted]
        asked_at = time.monotonic()
        records = await anyio.to_thread.run_sync(_read_all, paths)
        async for run, record in in_turns(zip(wanted, records, strict=True)):
            run.see_record(record, asked_at)

    async def _listen(self) -> None:
        """Find out how long ago each runner gave a sign of life, by the clock of the file
        server."""
        if self._files is None:
            return
        started = [run for run in self._runs.values() if run.start is not None]
        if not started:
            return
        paths = [self._files.record_path(run.name) for run in started]
        ages = await anyio.to_thread.run_sync(_ages_s, self._files.folder, paths)
        async for run, age_s in in_turns(zip(started, ages, strict=True)):
            run.silent_for_s = age_s
            run.look()

    # --- Slurm's word -------------------------------------------------------------------------

    async def _poll_regularly(self) -> None:
        while True:
            await anyio.sleep(LOOK_S)
            if self._runs and time.monotonic() >= self._next_poll_at():
                await self.poll()

    def _next_poll_at(self) -> float:
        runs = self._runs.values()
        if self._polled_at < self._signaller.asked_at:
            return self._polled_at + _FIRST_POLL_S
        if any(run.verdict.asks or run.job_id is None for run in runs):
            return self._polled_at + _SOON_S
        are_healthy = all(run.verdict.phase == "started" and not run.is_suspended for run in runs)
        return self._polled_at + self._poll_s * (2 if are_healthy else 1)

    async def poll(self) -> bool:
        """Ask Slurm once for all runs, and return whether it has answered."""
        async with self._poll_lock:
            asked_at = self._polled_at = time.monotonic()
            try:
                by_name = await anyio.to_thread.run_sync(self._jobs_by_name)
            except OSError as error:
                self._note_silence(error)
                return False
            self._note_answer()
            async for run in in_turns(list(self._runs.values())):
                if run.history.submitted_at <= asked_at:
                    for job in run.see_jobs(by_name.get(run.job_name, []), asked_at):
                        self._signaller.cancel(job.id)
                    self._warn_if_stuck(run.history.job)
            self._note_suspended()
            return True

    def _jobs_by_name(self) -> dict[str, list[Job]]:
        return group_by_name(self._client.jobs())

    def _note_suspended(self) -> None:
        """Report whose clocks are stopped, whenever that changes."""
        names = frozenset(name for name, run in self._runs.items() if run.is_suspended)
        if names != self._suspended and self.notices is not None:
            self.notices.note_suspended(names)
            self._suspended = names

    def _note_silence(self, error: OSError) -> None:
        if self._silence is None:
            since = time.strftime("%H:%M:%S")
            self._silence = f"slurm silent since {since}"
            self._warn(
                self._silence, f"Slurm has not answered since {since}: {error.strerror or error}"
            )

    def _note_answer(self) -> None:
        if self._silence is not None and self.notices is not None:
            self.notices.take_back(self._silence, "Slurm answers again")
        self._silence = None

    def _warn_if_stuck(self, job: Job | None) -> None:
        advice = None if job is None else never_starts(job)
        if job is not None and advice is not None:
            self._warn(
                f"stuck: {job.reason}", f"job {job.id} never starts ({job.reason}): {advice}"
            )

    def _warn(self, kind: str, message: str) -> None:
        if self.notices is not None:
            self.notices.warn_once(kind, message)


def _has_begun(run: SlurmRun) -> bool:
    job = run.history.job
    return run.record.began or (job is not None and bool(job.nodes))


def _read_all(paths: list[Path]) -> list[RunnerRecord]:
    return [read_record(path) for path in paths]


def _ages_s(folder: Path, paths: list[Path]) -> list[float]:
    now = server_time(folder)
    touched = [touched_at(path) for path in paths]
    return [0.0 if now is None or at is None else max(0.0, now - at) for at in touched]
