"""Runs in slots of a Ray cluster: actors that outlive the orchestrator, found again by name."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import open_guarded
from ml_tracking_ops.logger.system_metrics.sampler import SAMPLE_EVERY_S

from ...store.files.run_refs import RunRef
from ..base import EngineNotices, ReattachedRun, RecordedRun, RunCommand, RunEnd, Slot, Standing
from ..tasks import WithTasks
from ..thread_variables import THREAD_VARIABLES
from .client import DriverClient, RayEvent
from .mirror import record_path
from .run import NAME, RayRun
from .settings import RaySettings, is_address

_REACHED_WITHIN_S = 60.0
_FIND_WITHIN_S = 60.0
_KILL_WITHIN_S = 20.0
_SET_UP = ("pip", "uv", "conda", "py_modules", "working_dir", "container", "image_uri")


class RayExecutor(WithTasks):
    """Has an actor for each slot. Runs begin in it one after the other.

    Args:
        n_slots: how many.
        stop_signal: the name of the signal that asks a run to end.
        grace_s: how long it may take then.
        samples: whether the use of its node by each run is sampled there, every `sample_every_s`.
        driver_command: the program between here and the cluster.
        reached_within_s: how long it tries to reach the address of the cluster.

    Attributes:
        cluster: the driver's description of the cluster, once it is entered.
    """

    name = NAME
    queues = True
    may_lack = False

    def __init__(
        self,
        settings: RaySettings,
        n_slots: int,
        *,
        stop_signal: str,
        grace_s: float,
        samples: bool = False,
        sample_every_s: float = SAMPLE_EVERY_S,
        driver_command: tuple[str, ...] | None = None,
        reached_within_s: float = _REACHED_WITHIN_S,
    ) -> None:
        self._settings = settings
        self._stop_signal = stop_signal
        self._grace_s = grace_s
        self._samples, self._sample_every_s = samples, sample_every_s
        self._reached_within_s = reached_within_s
        more = {} if driver_command is None else {"command": driver_command}
        self._driver = DriverClient(self._take_in, self._rejoin, self._give_up, self._warn, **more)
        self._runs: dict[str, RayRun] = {}
        self._specs: dict[str, RayEvent] = {}
        self._notices: EngineNotices | None = None
        self._folder: Path | None = None
        self.cluster = ""
        self.resize(n_slots)

    def resize(self, n_slots: int) -> None:
        before = getattr(self, "slots", ())
        self.slots = tuple(Slot(index) for index in range(n_slots))
        for slot in before[n_slots:]:
            self._ask({"do": "end_slot", "slot": slot.index})

    def report_to(self, notices: EngineNotices) -> None:
        self._notices = notices

    async def shortage(self, slot: Slot) -> str | None:
        return None

    # --- submitting and finding ---------------------------------------------------------------

    async def submit(self, command: RunCommand, slot: Slot) -> RayRun:
        known = self._runs.get(command.name)
        if known is not None:
            return known
        folder = command.output_path.parent
        await self._open(folder)
        await anyio.to_thread.run_sync(_create, command.output_path)
        run = self._run(folder, command.name, slot.index)
        spec = self._spec(command)
        self._specs[run.name] = spec
        await self._driver.ask(_submission(slot.index, spec))
        return run

    async def find(self, folder: Path, known: Iterable[RecordedRun]) -> dict[str, ReattachedRun]:
        await self._open(folder)
        pairs = []
        for one in known:
            slot = _slot_of(one)
            run = self._run(folder, one.name, -1 if slot is None else slot)
            if slot is None:
                run.see_found(is_found=False)
            else:
                await self._driver.ask({"do": "adopt", "slot": slot, "name": one.name})
            pairs.append((one, run))
        with anyio.move_on_after(_FIND_WITHIN_S):
            for _, run in pairs:
                await run.wait_found()
        for _, run in pairs:
            run.read_record()
        return {
            one.name: ReattachedRun(run, _standing(run), one.slot, run.record.ended_at)
            for one, run in pairs
        }

    async def end_strays(self, folder: Path, is_known: Callable[[int], bool]) -> None:
        await self._open(folder)  # the journal has every run before a slot does

    def _run(self, folder: Path, name: str, slot: int) -> RayRun:
        run = RayRun(name, slot, record_path(folder, name), self._send, self._be_patient)
        self._runs[name] = run
        return run

    def _spec(self, command: RunCommand) -> dict[str, Any]:
        """Return what the runner on the node needs."""
        settings = self._settings
        dat_path = str(command.output_path.with_suffix(paths.DAT_SUFFIX))
        sampling = {"dat_path": dat_path, "every_s": self._sample_every_s}
        return {
            **({"sampling": sampling} if self._samples else {}),
            "arguments": list(command.arguments),
            "folder": str(command.folder),
            "environment": dict(command.environment),
            "marker": f"{command.marker}={command.environment.get(command.marker, '')}",
            "tag": dict(command.tag) or {"name": command.name},
            "output": str(command.output_path),
            "thread_variables": list(THREAD_VARIABLES),
            "stop_signal": self._stop_signal,
            "stop_grace_s": self._grace_s,
            "grace_s": self._grace_s,
            "kill_wait_s": self._grace_s,
            "margin_s": 0.0,
            "synced": [],
            "python": sys.executable,
            "num_cpus": settings.num_cpus,
            "num_gpus": settings.num_gpus,
            "is_shared": settings.shared_folder,
            "sweep_folder": str(command.output_path.parent),
            "working_dir": self._sent_folder(command.folder),
        }

    def _sent_folder(self, folder: Path) -> str | None:
        """Return the folder of this machine that is the working directory on the nodes."""
        given = self._settings.working_dir
        return str(folder) if given is not None and is_address(given) else given

    # --- the driver ---------------------------------------------------------------------------

    async def _open(self, folder: Path) -> None:
        """Send the driver the folder for the sweep's files, once."""
        if self._folder is None:
            self._folder = folder
            await self._driver.ask(self._opening())

    def _opening(self) -> RayEvent:
        assert self._folder is not None
        name = namespace(self._folder)
        return {"do": "open", "folder": str(self._folder), "namespace": name}

    def _driver_settings(self) -> dict[str, Any]:
        settings = self._settings
        asked = {"CPU": settings.num_cpus, "GPU": settings.num_gpus, **settings.resources}
        options: dict[str, Any] = {
            "num_cpus": settings.num_cpus,
            "num_gpus": settings.num_gpus,
            "resources": settings.resources,
        }
        if settings.memory is not None:
            options["memory"] = settings.memory
            asked["memory"] = float(settings.memory)
        return {
            "address": settings.address or os.environ.get("RAY_ADDRESS") or "auto",
            "reached_within_s": self._reached_within_s,
            "runtime_env": self._runtime_env(),
            "sets_up": [key for key in self._runtime_env() if key in _SET_UP],
            "options": options,
            "asked": {name: n for name, n in asked.items() if n},
            "needs": settings.needs_text(),
            "is_shared": settings.shared_folder,
        }

    def _runtime_env(self) -> dict[str, Any]:
        given, folder = self._settings.runtime_env, self._settings.working_dir
        return dict(given) if folder is None else {**given, "working_dir": folder}

    def _ask(self, request: RayEvent) -> None:
        if self._tasks is not None:
            self._tasks.start_soon(self._driver.ask, request)

    def _send(self, run: RayRun, letter: str) -> None:
        if run.start is None and not self._driver.is_connected:
            run.see_refused("Ray cannot be reached")
            return
        self._ask({"do": "send", "slot": run.slot, "name": run.name, "letter": letter})

    def _be_patient(self, run: RayRun) -> None:
        if self._tasks is not None:
            self._tasks.start_soon(self._wait_killed, run)

    async def _wait_killed(self, run: RayRun) -> None:
        """Treat a run as lost that a cluster which does not answer cannot end."""
        with anyio.move_on_after(_KILL_WITHIN_S):
            await run.wait()
        if run.end is None:
            self._warn(
                "unkilled",
                f"Ray does not answer: {run.ref.label} may still run. Its processes end with the "
                "actor or the node, at the latest",
            )
            run.see_end(RunEnd(None, "unknown", None, "Ray did not answer when it was to end"))

    def _take_in(self, event: RayEvent) -> None:
        match event["event"]:
            case "warn":
                self._warn(event["kind"], event["message"])
            case "warn_over":
                self._take_back(event["kind"], event["message"])
            case kind:
                run = self._runs.get(event.get("name", ""))
                if run is not None:
                    _pass_event(run, kind, event)

    def _rejoin(self) -> list[RayEvent]:
        """Return the first requests for a new driver: to follow everything that has not ended."""
        if self._folder is None:
            return []
        return [
            self._opening(),
            *(
                {"do": "adopt", "slot": run.slot, "name": run.name}
                if run.is_found
                else _submission(run.slot, self._specs[run.name])
                for run in self._runs.values()
                if run.end is None and (run.is_found or run.name in self._specs)
            ),
        ]

    def _give_up(self, message: str) -> None:
        self._warn(
            "ray gone",
            f"the Ray cluster cannot be reached: {message}. The sweep continues when it can be. To "
            "end the sweep, press Ctrl-C",
        )
        for run in self._runs.values():
            if run.end is None:
                run.see_end(RunEnd(None, "unknown", None, "the Ray cluster cannot be reached"))

    def _warn(self, kind: str, message: str) -> None:
        if self._notices is not None:
            self._notices.warn_once(kind, message)

    def _take_back(self, kind: str, message: str) -> None:
        if self._notices is not None:
            self._notices.take_back(kind, message)

    # --- its life -----------------------------------------------------------------------------

    async def _prepare(self) -> None:
        self.cluster = await self._driver.start(self._driver_settings())

    def _start_tasks(self, tasks: anyio.abc.TaskGroup) -> None:
        tasks.start_soon(self._driver.listen)

    async def _finish(self) -> None:
        await self._driver.close()


def _pass_event(run: RayRun, kind: str, event: RayEvent) -> None:
    """Pass an event of the cluster on to its run."""
    match kind:
        case "waiting":
            run.see_waiting(event["reason"])
        case "begun":
            run.see_found(is_found=True)
        case "changed":
            run.read_record()
        case "over":
            run.see_over()
        case "unknown":
            run.see_found(is_found=False)
        case "refused":
            run.see_refused(event["detail"])
        case "lost":
            run.see_lost(event["detail"], event["cause"])


def _submission(slot: int, spec: RayEvent) -> RayEvent:
    return {"do": "submit", "slot": slot, "spec": spec}


def namespace(folder: Path) -> str:
    """Return the namespace for the slots of a sweep: unique to the path of its folder."""
    return f"mlto-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]}"


def _create(path: Path) -> None:
    """Create a file that is watched, if it does not exist."""
    os.close(open_guarded(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND))


def _slot_of(known: RecordedRun) -> int | None:
    ref: RunRef | None = known.ref
    if ref is not None and ref.executor == NAME:
        number = ref.id.partition(" ")[0]
        return int(number) if number.isascii() and number.isdecimal() else None
    return known.slot


def _standing(run: RayRun) -> Standing:
    if run.end is not None:
        return "ended"
    if run.is_found is None:
        return "unknown"
    return "waiting" if run.start is None else "started"
