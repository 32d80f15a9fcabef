"""Start one program as an experiment, and follow it to its end."""

import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.abc
import anyio.to_thread

from ml_tracking_ops.logger import git_commit, paths, records, run_record
from ml_tracking_ops.logger.system_metrics.sampler import SAMPLE_EVERY_S, SystemSampler
from ml_tracking_ops.logger.writing import reruns
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

from ...errors import UsageError
from ...executors.base import GRACE_S, RunCommand, RunHandle, Slot
from ...executors.local.executor import LocalExecutor
from ...executors.local.run import LocalRun
from ...store.annotations import annotate
from ...supervision.os_processes import SIGHUP
from .. import description
from ..runs.events.metrics import EventFileFollower
from ..runs.output_metrics import OutputMetrics
from .command_config import command_config
from .echo import OutputEcho
from .metrics import FROM_ITS_LOG, MetricsSource, in_run, misses, open_metrics

_LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class HandRun:
    """The program to run, and the source of its metrics.

    Attributes:
        command: the program and its arguments.
        source: where its metrics come from, if not from its own log.
        system_metrics: whether CPU, memory and GPUs are sampled.
    """

    command: Sequence[str]
    logdir: Path
    name: str | None = None
    tags: tuple[str, ...] = ()
    source: MetricsSource = FROM_ITS_LOG
    system_metrics: bool = True


@dataclass(frozen=True)
class HandRunEnd:
    """How it ended. `exit_code` is negative if a signal ended the process, or None if not known."""

    dat_path: Path
    exit_code: int | None
    stopped_by: str | None = None


@dataclass
class _Follower:
    """What is read of a run while it runs, and the signal that stopped it."""

    stopped_by: str | None = None
    echo: OutputEcho | None = None
    metrics: OutputMetrics | EventFileFollower | None = None

    def look(self) -> None:
        if self.echo is not None:
            self.echo.read()
        if self.metrics is not None:
            while self.metrics.read():
                pass
            self._print_notes(self.metrics)

    def finish(self) -> None:
        """Take in the rest of the output and the event files, and report what is missing."""
        self.look()
        if self.metrics is not None:
            self.metrics.finish()
            self._print_notes(self.metrics)
            if (missing := misses(self.metrics)) is not None:
                _print_warning(missing)
        if self.echo is not None:
            self.echo.close()

    def _print_notes(self, metrics: OutputMetrics | EventFileFollower) -> None:
        while metrics.notes:
            _print_warning(metrics.notes.popleft()[1])


def _print_warning(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


async def run_by_hand(run: HandRun, out: BinaryIO) -> HandRunEnd:
    """Run the program to its end. Its output goes to `out` and into a file.

    The first Ctrl-C asks it to end, the second ends it at once, with all that it started.

    Raises:
        UsageError: it cannot be started.
    """
    if shutil.which(run.command[0]) is None:
        raise UsageError(f"there is no program {run.command[0]!r}. Check its name or give its path")
    dat_path = _new_log(run)
    log_path = dat_path.with_suffix(paths.LOG_SUFFIX)
    logger = ExperimentLogger.at(dat_path)
    executor = LocalExecutor(1, gpus_per_run=0)
    follower = _Follower(echo=OutputEcho(log_path, out))
    try:
        _keep_record(run, dat_path)
        async with executor:
            handle = await _start(executor, run, dat_path)
            follower.metrics = open_metrics(run.source, dat_path, run_dir_of(dat_path), handle)
            exit_code = await _see_through(
                handle, follower, dat_path, is_sampled=run.system_metrics
            )
        end = HandRunEnd(dat_path, exit_code, follower.stopped_by)
        _keep_end(end)
        logger.end(records.FINISHED if exit_code == 0 else records.FAILED)
    except UsageError:
        logger.end(records.FAILED)
        raise
    return end


def _new_log(run: HandRun) -> Path:
    try:
        folder = Path(paths.create_unique_folder(str(run.logdir.absolute()), reruns.folder_name()))
    except OSError as error:
        raise UsageError(f"{run.logdir}: {error.strerror or error}") from error
    dat_path = folder / f"{folder.name}{paths.DAT_SUFFIX}"
    if run.name or run.tags:
        annotate(folder, dat_path.stem, name=run.name, tags=run.tags)
    return dat_path


def _keep_record(run: HandRun, dat_path: Path) -> None:
    """Record how it was started, and the settings in its command line."""
    environment = run_record.environment_of_this_process(str(dat_path))
    environment["command"] = run_record.hide_secrets(run.command)
    environment["git_commit"] = git_commit.find_commit(str(Path.cwd()))
    if (git := description.git_commit(Path.cwd())) is not None:
        environment["git_is_dirty"] = git["is_dirty"]
    del environment["python"]  # that of this program. The run may have another, or none
    config = run_record.json_value(command_config(run.command[1:]))
    run_record.merge(str(dat_path), reruns.record_of_rerun())
    record = {"environment": environment, "config": config, "keeps_output": True}
    run_record.merge(str(dat_path), record)


def _keep_end(end: HandRunEnd) -> None:
    known = {"exit_code": end.exit_code, "stopped_by_hand": end.stopped_by}
    run_record.merge(str(end.dat_path), {"end": known})


def run_dir_of(dat_path: Path) -> Path:
    """Return the folder for the run's own files. It need not exist."""
    return dat_path.with_name(f"{dat_path.stem}{paths.RUN_FOLDER_SUFFIX}")


async def _start(executor: LocalExecutor, run: HandRun, dat_path: Path) -> LocalRun:
    run_dir = run_dir_of(dat_path)
    arguments = tuple(in_run(argument, run_dir) for argument in run.command)
    if any("${run_dir}" in argument for argument in run.command):
        paths.make_folders(str(run_dir))
    command = RunCommand(
        arguments=arguments,
        folder=Path.cwd(),
        environment={
            "PYTHONUNBUFFERED": "1",
            paths.RUN_FILE_VARIABLE: str(dat_path),
            paths.RUN_NAME_VARIABLE: dat_path.stem,
            paths.RUN_DIR_VARIABLE: str(run_dir),
        },
        output_path=dat_path.with_suffix(paths.LOG_SUFFIX),
        marker=paths.RUN_FILE_VARIABLE,
    )
    try:
        return await executor.submit(command, Slot(0))
    except OSError as error:
        raise UsageError(f"{run.command[0]} cannot be started: {error}") from error


async def _see_through(
    handle: LocalRun, follower: _Follower, dat_path: Path, *, is_sampled: bool
) -> int | None:
    async with anyio.create_task_group() as tasks:
        await tasks.start(_obey_signals, handle, follower)
        tasks.start_soon(_follow, follower)
        if is_sampled:
            tasks.start_soon(_sample, handle, dat_path)
        exit_code = (await handle.wait()).exit_code
        tasks.cancel_scope.cancel()
    follower.finish()
    return exit_code


async def _sample(handle: LocalRun, dat_path: Path) -> None:
    sampler = SystemSampler(ExperimentLogger.at)
    sampler.add(handle.pid, str(dat_path), handle.start.at, sampler.gpus.visible())
    try:
        while True:
            await anyio.sleep(SAMPLE_EVERY_S)
            await anyio.to_thread.run_sync(sampler.sample)
    finally:
        sampler.close()


async def _follow(follower: _Follower) -> None:
    while True:
        follower.look()
        await anyio.sleep(_LOOK_EVERY_S)


async def _obey_signals(
    handle: RunHandle,
    follower: _Follower,
    *,
    task_status: anyio.abc.TaskStatus[None],
) -> None:
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(SIGHUP) is not signal.SIG_IGN:
        numbers.append(SIGHUP)
    with anyio.open_signal_receiver(*numbers) as received:
        async with anyio.create_task_group() as tasks:
            task_status.started()
            async for number in received:
                if follower.stopped_by is not None:
                    handle.kill()
                    continue
                follower.stopped_by = "Ctrl-C" if number == signal.SIGINT else number.name
                print("stopping the run (Ctrl-C again kills it at once) …", file=sys.stderr)
                tasks.start_soon(handle.stop, GRACE_S)
