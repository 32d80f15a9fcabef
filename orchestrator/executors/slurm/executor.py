"""Runs as batch jobs: submitted once each, found again by name, ended by signal."""

import errno
import math
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.system_metrics.sampler import SAMPLE_EVERY_S, system_path

from ...store.files.run_refs import RunRef
from ..base import EngineNotices, ReattachedRun, RecordedRun, RunCommand, Slot, Standing
from ..tasks import WithTasks
from .client import SlurmClient, SlurmError
from .files import SlurmFiles
from .run import NAME, SlurmRun
from .settings import SlurmSettings
from .watch import JobWatch, Signaller

_AT_ONCE = 4
_AGAIN_S = (5.0, 15.0, 45.0)
_MARGIN_S = 30
_LEFTOVERS_S = 5.0


class SlurmExecutor(WithTasks):
    """Submits one job for each attempt. The slots are the jobs that are submitted and have not
    ended.

    Args:
        n_jobs: how many of them.
        stop_signal: the name of the signal that asks a run to end.
        grace_s: how long it may take then. The job also warns it this long before its time limit.
        samples: whether the runner of each job samples what its run uses of the node.
        client: Slurm's commands.
        again_s: how long it waits before each further try at submitting a job.
    """

    name = NAME
    queues = True
    may_lack = False

    def __init__(
        self,
        settings: SlurmSettings,
        n_jobs: int,
        *,
        stop_signal: str,
        grace_s: float,
        samples: bool = False,
        client: SlurmClient | None = None,
        again_s: tuple[float, ...] = _AGAIN_S,
    ) -> None:
        self._settings = settings
        self._stop_signal = stop_signal
        self._grace_s = grace_s
        self._samples = samples
        self._again_s = again_s
        found = find_spec("pynvml") if samples else None  # the runner does not search for packages
        origins = [] if found is None or found.origin is None else [found.origin]
        self._sampling = {
            "folders": [str(Path(origin).parent) for origin in origins],
            "every_s": SAMPLE_EVERY_S,
        }
        self._client = client or SlurmClient()
        self._signaller = Signaller(self._client)
        self._watch = JobWatch(self._client, self._signaller, settings.poll_interval_s)
        self._submissions = anyio.CapacityLimiter(_AT_ONCE)
        self._preparations = anyio.CapacityLimiter(1)  # threads that compute block the event loop
        self._runs: dict[str, SlurmRun] = {}
        self._unclear: set[str] = set()  # names of jobs that may have been submitted
        self._files: SlurmFiles | None = None
        self._kill_wait_s: float | None = None
        self._asking = anyio.Lock()
        self._notices: EngineNotices | None = None
        self.resize(n_jobs)

    def resize(self, n_slots: int) -> None:
        self.slots = tuple(Slot(index) for index in range(n_slots))

    def report_to(self, notices: EngineNotices) -> None:
        self._notices = self._watch.notices = notices

    async def shortage(self, slot: Slot) -> str | None:
        return None

    # --- submitting ---------------------------------------------------------------------------

    async def submit(self, command: RunCommand, slot: Slot) -> SlurmRun:
        known = self._runs.get(command.name)
        if known is not None:
            return known
        files = self._open(command.output_path.parent)
        more = await self._runner_settings(files, command)
        await anyio.to_thread.run_sync(
            files.prepare, command, more, self._settings.python, limiter=self._preparations
        )
        run = self._run(files, command.name, None, is_own=True)
        options = [*self._own_options(files, command), *self._settings.options()]
        script = files.script(command.name, self._settings.setup, self._settings.python)
        run.job_id = await self._submit(run, options, script)
        self._runs[run.name] = run
        self._watch.add(run)
        return run

    async def _submit(self, run: SlurmRun, options: list[str], script: str) -> str:
        """Submit a job, and try again for a while."""
        for wait_s in (*self._again_s, None):
            try:
                return await self._submit_once(run.job_name, options, script)
            except SlurmError as error:
                if error.errno != errno.EAGAIN or wait_s is None:
                    await self._give_up(run)
                    raise
            await anyio.sleep(wait_s)
        raise AssertionError

    async def _submit_once(self, job_name: str, options: list[str], script: str) -> str:
        """Submit a job. If an earlier try may have done so, look for it first.

        Raises:
            SlurmError: there is no job, or Slurm does not say whether there is one.
        """
        if job_name in self._unclear and (job_id := await self._look_for(job_name)) is not None:
            return job_id
        self._unclear.add(job_name)
        try:
            job_id = await anyio.to_thread.run_sync(
                self._client.submit, options, script, limiter=self._submissions
            )
        except SlurmError:
            found = await self._look_for(job_name)
            if found is None:
                raise
            return found
        self._unclear.discard(job_name)
        return job_id

    async def _look_for(self, job_name: str) -> str | None:
        """Return the number of a job that may have been submitted, or None if there is none."""
        try:
            jobs = await anyio.to_thread.run_sync(self._client.jobs, job_name)
        except SlurmError as error:
            text = f"it is not known whether {job_name} was submitted: {error}"
            raise SlurmError(errno.EAGAIN, text) from error
        self._unclear.discard(job_name)
        return next((job.id for job in jobs if not job.is_over), None)

    async def _give_up(self, run: SlurmRun) -> None:
        """Make sure that nothing starts, even if it was submitted."""
        if self._files is not None:
            await anyio.to_thread.run_sync(self._files.give_up, run.name)

    def _own_options(self, files: SlurmFiles, command: RunCommand) -> list[str]:
        output = str(files.output_path(command.name)).replace("%", "%%")
        return [
            f"--job-name={files.job_name(command.name)}",
            f"--comment={command.output_path.parent}",
            f"--chdir={command.folder}",
            f"--output={output}",
            "--open-mode=append",
            *([f"--signal=B:USR1@{self._margin_s}"] if self._has_room_to_warn else []),
        ]

    @property
    def _margin_s(self) -> int:
        return math.ceil(self._grace_s) + _MARGIN_S

    @property
    def _has_room_to_warn(self) -> bool:
        """Whether the time limit is long enough to warn: Slurm may warn a minute early."""
        time_s = self._settings.time_s
        return time_s is None or time_s > self._margin_s + 120

    async def _runner_settings(self, files: SlurmFiles, command: RunCommand) -> dict[str, Any]:
        async with self._asking:
            if self._kill_wait_s is None:
                self._kill_wait_s = await anyio.to_thread.run_sync(self._client.kill_wait_s)
                self._compare_grace(self._kill_wait_s)
        log_path = str(command.output_path)
        dat_path = log_path.removesuffix(paths.LOG_SUFFIX) + paths.DAT_SUFFIX
        written = [log_path, dat_path, *([system_path(dat_path)] if self._samples else [])]
        return {
            "stop_signal": self._stop_signal,
            "stop_grace_s": self._grace_s,
            "grace_s": self._grace_s,
            "kill_wait_s": self._kill_wait_s,
            "time_s": self._settings.time_s,
            "margin_s": self._margin_s,
            "synced": written if files.is_on_network else [],
            **({"sampling": {"dat_path": dat_path, **self._sampling}} if self._samples else {}),
        }

    def _compare_grace(self, kill_wait_s: float) -> None:
        if self._grace_s > kill_wait_s and self._notices is not None:
            self._notices.warn_once(
                "grace",
                f"grace_s is {self._grace_s:g}, but Slurm kills jobs that it ends itself after "
                f"{kill_wait_s:g} s (KillWait): scancel and preemption give runs no more time",
            )

    # --- finding again ------------------------------------------------------------------------

    async def find(self, folder: Path, known: Iterable[RecordedRun]) -> dict[str, ReattachedRun]:
        files = self._open(folder)
        pairs = [(one, self._run(files, one.name, _job_id(one.ref), is_own=False)) for one in known]
        for _, run in pairs:
            self._watch.add(run)
            self._runs[run.name] = run
        await self._watch.read([run for _, run in pairs])
        has_answered = all(run.has_ended for _, run in pairs) or await self._watch.poll()
        return {
            one.name: ReattachedRun(
                run, _standing(run, has_answered), one.slot, run.record.ended_at
            )
            for one, run in pairs
        }

    async def end_strays(self, folder: Path, is_known: Callable[[int], bool]) -> None:
        self._open(folder)  # the journal has every job before it exists

    # --- its life -----------------------------------------------------------------------------

    def _start_tasks(self, tasks: anyio.abc.TaskGroup) -> None:
        tasks.start_soon(self._signaller.work)
        tasks.start_soon(self._watch.work)

    async def _finish(self) -> None:
        await self._signaller.flush()

    def _open(self, folder: Path) -> SlurmFiles:
        if self._files is None:
            self._files = SlurmFiles(folder)
            self._watch.open(self._files)
        return self._files

    def _run(self, files: SlurmFiles, name: str, job_id: str | None, *, is_own: bool) -> SlurmRun:
        return SlurmRun(
            name,
            files.job_name(name),
            job_id,
            self._signaller,
            self._grace_s + _LEFTOVERS_S,
            lambda: files.last_output(name),
            is_own=is_own,
        )


def _job_id(ref: RunRef | None) -> str | None:
    number = "" if ref is None or ref.executor != NAME else ref.id.partition(" ")[0]
    return number if number.isascii() and number.isdecimal() else None


def _standing(run: SlurmRun, has_answered: bool) -> Standing:
    if run.has_ended:
        return "ended"
    is_certain = has_answered or run.start is not None
    return run.verdict.phase if is_certain else "unknown"
