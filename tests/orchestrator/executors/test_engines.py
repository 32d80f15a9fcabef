"""Engines with a queue, engines of other packages, and what the scheduler does with them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import anyio
import anyio.lowlevel
import pytest
from sweeps import run_command, write_config

from ml_tracking_ops.orchestrator import sweep
from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.errors import ConfigError
from ml_tracking_ops.orchestrator.executors.base import (
    EngineNotices,
    RunCommand,
    RunEnd,
    RunStart,
    Slot,
)
from ml_tracking_ops.orchestrator.executors.local.executor import LocalExecutor
from ml_tracking_ops.orchestrator.executors.local.run import LocalRun
from ml_tracking_ops.orchestrator.executors.registry import (
    EXECUTORS,
    EngineKeys,
    ExecutorEntry,
    RunRequirements,
)
from ml_tracking_ops.orchestrator.running.runs.active import ActiveRun, ActiveRuns, Why
from ml_tracking_ops.orchestrator.steering.requests import new_request, submit
from ml_tracking_ops.orchestrator.store.files.run_refs import RunRef
from ml_tracking_ops.orchestrator.store.journal import Event

LIMIT_S = 60
REASON = "waiting for resources"
SUSPENDED_S = 1.5
TIMEOUT_S = 1.0


class QueuedRun:
    """Waits in a queue until it is let go, and is a process of this machine after that."""

    start: RunStart | None = None

    def __init__(self, name: str, begin: Callable[[], Any], is_released: anyio.Event) -> None:
        self.ref = RunRef("queue", name, f"job {name}")
        self._begin = begin
        self._is_released = is_released
        self._is_cancelled = anyio.Event()
        self._run: LocalRun | None = None

    async def wait_started(self, report: Callable[[str], None]) -> RunStart | None:
        report(REASON)
        async with anyio.create_task_group() as tasks:

            async def leave_on(event: anyio.Event) -> None:
                await event.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(leave_on, self._is_released)
            tasks.start_soon(leave_on, self._is_cancelled)
        if not self._is_cancelled.is_set():
            self._run = await self._begin()
            self.start = self._run.start
        return self.start

    async def wait(self) -> RunEnd:
        if self._run is None:
            await self._is_cancelled.wait()
            return RunEnd(None, "cancelled")
        return await self._run.wait()

    async def stop(self, grace_s: float) -> None:
        self._is_cancelled.set()
        if self._run is not None:
            await self._run.stop(grace_s)

    def kill(self) -> None:
        self._is_cancelled.set()
        if self._run is not None:
            self._run.kill()


class QueueExecutor(LocalExecutor):
    name = "queue"
    queues = True

    def __init__(self, n_workers: int | None, *, is_free: bool) -> None:
        super().__init__(n_workers)
        self.is_free = is_free

    async def submit(self, command: RunCommand, slot: Slot) -> Any:
        released = anyio.Event()
        if self.is_free:
            released.set()
        base = super().submit
        return QueuedRun(command.name, lambda: base(command, slot), released)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int | None], Any]], None]:
    def install(make: Callable[[int | None], Any]) -> None:
        entry = ExecutorEntry(lambda keys, n_workers, needs: make(n_workers), lambda keys: ())
        monkeypatch.setitem(EXECUTORS, "queue", entry)

    return install


Use = Callable[[Callable[[int | None], Any]], None]


def config_in(folder: Path, script: str = "short.py", **changes: Any) -> Path:
    return write_config(folder, script, executor={"type": "queue"}, **changes)


def test_queued_run_has_its_reason_and_its_time_in_the_queue_apart(
    tmp_path: Path, use: Use
) -> None:
    use(lambda n_workers: QueueExecutor(n_workers, is_free=True))
    events: list[Event] = []
    result = sweep.run_sweep(
        config_in(tmp_path, max_runs=1),
        logdir=tmp_path / "runs",
        workers=1,
        on_event=events.append,
    )
    kinds = [event["event"] for event in events if event.get("index") == 1]
    assert [kind for kind in kinds if kind != "improved"] == [
        "sampled",
        "submitting",
        "submitted",
        "queued",
        "started",
        "ended",
    ]
    (queued,) = (event for event in events if event["event"] == "queued")
    assert queued["reason"] == REASON
    (run,) = result.runs
    assert run.state == "finished"
    assert run.queued_at is not None
    assert run.started_at is not None
    assert run.queued_at <= run.started_at


async def _stop_while_queued(config: Path, logdir: Path) -> sweep.OpenSweep:
    opened: list[sweep.OpenSweep] = []

    def notify(event: Event) -> None:
        if event["event"] == "queued":
            submit(opened[0].folder, new_request("stop", "me@box", index=event["index"]))

    opened.append(sweep.OpenSweep(load_config(config), logdir, n_workers=1, notify=notify))
    with anyio.fail_after(LIMIT_S):
        await opened[0].run()
    return opened[0]


def test_queued_run_can_be_stopped_by_hand(tmp_path: Path, use: Use) -> None:
    use(lambda n_workers: QueueExecutor(n_workers, is_free=False))
    done = anyio.run(_stop_while_queued, config_in(tmp_path, max_runs=1), tmp_path / "runs")
    run = done.record.runs[1]
    assert (run.state, run.started_at) == ("killed", None)
    assert run.reason is not None
    assert run.reason.startswith("stopped by hand")


class PreemptedOnce(LocalExecutor):
    """Says of each run's first attempt that other work needed its place."""

    async def submit(self, command: RunCommand, slot: Slot) -> LocalRun:
        run = await super().submit(command, slot)
        if command.tag["attempt"] == 1:
            wait = run.wait

            async def preempted() -> RunEnd:
                return RunEnd((await wait()).exit_code, "preempted")

            run.wait = preempted  # type: ignore[method-assign]
        return run


def test_preempted_run_is_tried_again_without_using_up_a_retry(tmp_path: Path, use: Use) -> None:
    use(PreemptedOnce)
    config = config_in(tmp_path, max_runs=2, retries=0)
    result = sweep.run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert [(run.state, run.attempt) for run in result.runs] == [("finished", 2)] * 2
    first = result.runs[0].earlier[0]
    assert first.state == "killed"
    assert first.reason is not None
    assert first.reason.startswith("preempted")


class Suspended(LocalExecutor):
    """Suspends each run for a while as soon as it runs."""

    def report_to(self, notices: EngineNotices) -> None:
        self.notices = notices

    async def submit(self, command: RunCommand, slot: Slot) -> LocalRun:
        run = await super().submit(command, slot)
        wait, is_first = run.wait, True

        async def suspended() -> RunEnd:
            nonlocal is_first
            if is_first:
                is_first = False
                with anyio.CancelScope(shield=True):
                    self.notices.note_suspended([command.name])
                    await anyio.sleep(SUSPENDED_S)
                    self.notices.note_suspended([])
            return await wait()

        run.wait = suspended  # type: ignore[method-assign]
        return run


def test_time_limit_of_a_run_is_paused_while_it_is_suspended(tmp_path: Path, use: Use) -> None:
    use(Suspended)
    config = config_in(tmp_path, script="logs_and_waits.py", max_runs=1, timeout_s=TIMEOUT_S)
    result = sweep.run_sweep(config, logdir=tmp_path / "runs", workers=1)
    (run,) = result.runs
    assert "timeout_s was over" in str(run.reason)
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.suspended_s >= SUSPENDED_S
    assert run.ended_at - run.started_at >= run.suspended_s + TIMEOUT_S


def test_resumed_sweep_keeps_the_grace_period_of_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float | None] = []

    def make(keys: EngineKeys, n_workers: int | None, needs: RunRequirements) -> LocalExecutor:
        asked.append(needs.grace_s)
        return LocalExecutor(n_workers)

    monkeypatch.setitem(EXECUTORS, "queue", ExecutorEntry(make, lambda keys: ()))
    config = config_in(tmp_path, max_runs=1, grace_s=3)
    first = sweep.run_sweep(config, logdir=tmp_path / "runs", workers=1)
    second = sweep.resume(first.folder, logdir=tmp_path / "runs", max_runs=2)
    assert [run.state for run in second.runs] == ["finished"] * 2
    assert asked == [3, 3]


class SecondStartWaits(LocalExecutor):
    """Takes as long for the second start as the first run lives."""

    def __init__(self, n_workers: int | None) -> None:
        super().__init__(n_workers)
        self.has_first_ended = anyio.Event()

    async def submit(self, command: RunCommand, slot: Slot) -> LocalRun:
        if command.tag["index"] == 2:
            await self.has_first_ended.wait()
            return await super().submit(command, slot)
        run = await super().submit(command, slot)
        wait = run.wait

        async def wait_and_tell() -> RunEnd:
            end = await wait()
            self.has_first_ended.set()
            return end

        run.wait = wait_and_tell  # type: ignore[method-assign]
        return run


def test_slow_start_delays_no_other_runs_end(tmp_path: Path, use: Use) -> None:
    use(SecondStartWaits)
    config = config_in(tmp_path, max_runs=2)
    result = sweep.run_sweep(config, logdir=tmp_path / "runs", workers=2)
    assert [run.state for run in result.runs] == ["finished"] * 2
    first, second = result.runs
    assert first.ended_at is not None
    assert second.started_at is not None
    assert first.ended_at <= second.started_at


class SaysLateThatRunsStarted(LocalExecutor):
    """Its answer arrives after a rule has stopped the run."""

    is_stopped: ClassVar[anyio.Event]

    async def submit(self, command: RunCommand, slot: Slot) -> LocalRun:
        run = await super().submit(command, slot)
        with anyio.fail_after(LIMIT_S):
            await self.is_stopped.wait()
        return run


def test_decision_that_is_made_before_the_start_is_known_is_recorded_after_it(
    tmp_path: Path, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = ActiveRuns.stop
    SaysLateThatRunsStarted.is_stopped = anyio.Event()

    def stop_and_tell(runs: ActiveRuns, run: ActiveRun, why: Why) -> None:
        stop(runs, run, why)
        SaysLateThatRunsStarted.is_stopped.set()

    monkeypatch.setattr(ActiveRuns, "stop", stop_and_tell)
    use(SaysLateThatRunsStarted)
    rule = {"early_stopping": True, "early_stopping_patience": 5}
    config = config_in(tmp_path, "improves_after_sigterm.py", max_runs=1, **rule)
    (run,) = sweep.run_sweep(config, logdir=tmp_path / "runs", workers=1).runs
    assert run.state == "early_stopped"
    assert run.stopped_by is not None
    assert (run.stopped_by["step"], run.best_step) == (6, 7)


ENGINE = """
from ml_tracking_ops.orchestrator.executors.local.executor import LocalExecutor
from ml_tracking_ops.orchestrator.executors.registry import ExecutorEntry

def problems(keys):
    return [(key, "is not a key of this engine") for key in keys if key != "colour"]

class Painted(LocalExecutor):
    name = "painted"

ENTRY = ExecutorEntry(lambda keys, n_workers, needs: Painted(n_workers), problems)
"""


@pytest.fixture
def installed_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that adds the engine `painted` by an entry point."""
    folder = tmp_path / "site"
    info = folder / "painted-1.dist-info"
    info.mkdir(parents=True)
    (folder / "painted_engine.py").write_text(ENGINE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: painted\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[ml_tracking_ops.executors]\npainted = painted_engine:ENTRY\nbroken = nowhere:ENTRY\n"
    )
    monkeypatch.syspath_prepend(folder)
    yield
    sys.modules.pop("painted_engine", None)


@pytest.mark.usefixtures("installed_engine")
def test_engine_of_another_package_runs_a_sweep(tmp_path: Path) -> None:
    executor = {"type": "painted", "colour": "blue"}
    config = write_config(tmp_path, "short.py", max_runs=1, executor=executor)
    result = sweep.run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert [run.state for run in result.runs] == ["finished"]


@pytest.mark.usefixtures("installed_engine")
@pytest.mark.parametrize(
    ("executor", "message"),
    [
        ({"type": "paintd"}, "executor.type: must name an engine: there is no engine paintd, did"),
        ({"type": "broken"}, "executor.type: must name an engine: the engine broken (nowhere:E"),
        ({"type": "painted", "size": 1}, "executor.size: is not a key of this engine"),
        ({"type": "local", "size": 1}, "executor.size: is not a key of this engine"),
        ({}, 'executor.type: must name an engine, for example "local"'),
    ],
)
def test_wrong_engine_or_key_is_named(
    tmp_path: Path, executor: dict[str, Any], message: str
) -> None:
    config = write_config(tmp_path, "short.py", executor=executor)
    with pytest.raises(ConfigError) as caught:
        sweep.run_sweep(config, logdir=tmp_path / "runs")
    assert message in str(caught.value)


def test_command_line_names_an_unknown_engine(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", executor={"type": "slrm"})
    done = run_command("sweep", "--dry-run", folder=tmp_path)
    assert done.returncode == 2
    assert "there is no engine slrm" in done.stderr
