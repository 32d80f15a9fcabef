"""The program between the orchestrator and a Ray cluster: the only one here that imports Ray.

It is a process of its own because Ray ends the process that lost its cluster, and because its
import takes a second. It reads requests from its input and writes events to its output, one line of
JSON each:

    open folder namespace
    submit slot spec     begin a run in a slot, and pass its files on until it is over
    adopt slot name      the same for a run that has begun before
    send slot name letter
    end_slot slot        free a slot in which nothing runs

    ready cluster (a description for people) | failed message
    waiting name reason | begun name | changed name (its record) | over name
    refused name detail | lost name detail cause | unknown name
    warn kind message | warn_over kind message

The end of its input ends it: idle slots are freed, and runs continue in theirs.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger.paths import LOG_SUFFIX

from ...store.files.disk import is_passing
from . import node, relay
from .cluster_slots import ClusterSlots
from .mirror import Mirror
from .nodes import UNTIL_ONE_JOINS, describe_cluster, limit_connecting, unmet_need, wait_gone
from .relay import Chunk

DriverRequest = Mapping[str, Any]
_SAY_WAITING_S = 1.0
_UNREACHABLE_S = 1.0
_LOOK_S = 0.5
_IDLE_S = 60.0
_IDLE_WHILE_OTHERS_WAIT_S = 1.0
_ROOM_AGAIN_S = 1.0
_TRIES = 6
_GONE_WITHIN_S = 60.0


class Events:
    """Writes events. All other output goes to the log."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)

    def write(self, event: str, **fields: object) -> None:
        os.write(self._fd, json.dumps({"event": event, **fields}).encode() + b"\n")


class Driver:
    """Follows runs in actors of the cluster.

    Args:
        ray: the module.
        settings: `address`, `reached_within_s`, `runtime_env`, what of it Ray `sets_up` on nodes,
            `options` of the actors, which of these are `asked` of a node, `needs` as a text,
            `is_shared`.
    """

    def __init__(self, ray: Any, settings: Mapping[str, Any], events: Events) -> None:
        self._ray = ray
        self._settings = settings
        self._events = events
        self._folder = Path()
        self._slots = ClusterSlots(ray, settings["options"])
        self._busy: dict[str, int] = {}
        self._begun: set[str] = set()
        self._given_up: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_room = True
        self._opening: asyncio.Task[None] | None = None

    def obey(self, request: DriverRequest) -> None:
        """Carry out requests."""
        match request["do"]:
            case "open":
                self._folder, self._slots.namespace = Path(request["folder"]), request["namespace"]
                self._opening = self._start(asyncio.to_thread(self._slots.find_all))
            case "submit":
                self._start(self._submit(**{k: v for k, v in request.items() if k != "do"}))
            case "adopt":
                self._start(self._adopt(request["slot"], request["name"]))
            case "send":
                self._start(self._send(request["slot"], request["name"], request["letter"]))
            case "end_slot":
                if request["slot"] not in self._busy.values():
                    self._start(self._slots.free([request["slot"]]))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._see_done)
        return task

    def _see_done(self, task: asyncio.Task[None]) -> None:
        """End on an unexpected error: the next driver follows the runs."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            traceback.print_exception(error)
            os._exit(1)

    # --- slots --------------------------------------------------------------------------------

    async def close(self) -> None:
        """Free each slot in which nothing runs. Runs continue in the others."""
        waiting = {slot for name, slot in self._busy.items() if name not in self._begun}
        await self._slots.free(waiting | self._slots.unused(self._busy.values()))

    async def free_slots(self) -> None:
        """Soon free unused slots, if runs wait for room."""
        while True:
            await asyncio.sleep(_LOOK_S)
            has_waiting = bool(self._busy.keys() - self._begun)
            idle_s = _IDLE_WHILE_OTHERS_WAIT_S if has_waiting else _IDLE_S
            self._start(self._slots.free(self._slots.unused_for(self._busy.values(), idle_s)))

    # --- runs ---------------------------------------------------------------------------------

    async def _submit(self, slot: int, spec: dict[str, Any]) -> None:
        name = spec["tag"]["name"]
        self._busy[name] = slot
        mirror = Mirror(self._folder, name)
        errors = self._ray.exceptions
        try:
            if self._opening is not None:
                await self._opening
            actor = await self._begin(slot, spec, mirror)
            if actor is not None:
                await self._see_through(actor, name, mirror)
        except (errors.RayError, OSError) as error:
            await self._lose(slot, name, error)
        finally:
            self._busy.pop(name, None)

    async def _begin(self, slot: int, spec: dict[str, Any], mirror: Mirror) -> Any:
        """Hand a run to the actor of its slot.

        Returns:
            The actor once the run has begun, or None if it cannot begin, which is reported.
        """
        name, errors = spec["tag"]["name"], self._ray.exceptions
        detail = ""
        for _ in range(_TRIES):
            try:
                actor = await self._make(slot, name)
                if name in self._given_up:
                    await self._slots.free([slot])
                    break
                await self._hand_over(actor, spec, mirror)
                return actor
            except errors.RayTaskError as error:
                detail = last_line(error)
                break
            except errors.ActorUnavailableError:
                await asyncio.sleep(_UNREACHABLE_S)
                continue
            except errors.RuntimeEnvSetupError as error:
                self._slots.forget(slot)
                detail = setup_problem(str(error))
                output = Chunk(f"{name}{LOG_SUFFIX}", 0, str(error).encode(), False)
                await self._write(mirror, [output])
                break
            except (errors.ActorDiedError, ValueError) as error:
                self._slots.forget(slot)
                detail = last_line(error)
                if name in self._given_up:
                    break
            await asyncio.sleep(_LOOK_S)
        self._events.write("refused", name=name, detail=detail)
        return None

    async def _make(self, slot: int, name: str) -> Any:
        """Make the actor of a slot, once any earlier one of this slot is gone.

        Raises:
            ValueError: the earlier one is not gone after a while.
        """
        until = time.monotonic() + _GONE_WITHIN_S
        while True:
            try:
                return await asyncio.to_thread(self._slots.make, slot)
            except ValueError:
                if name in self._given_up or time.monotonic() > until:
                    raise
                if not await asyncio.to_thread(self._slots.end, slot):
                    raise
            await asyncio.sleep(_LOOK_S)

    async def _hand_over(self, actor: Any, spec: dict[str, Any], mirror: Mirror) -> None:
        beginning = asyncio.ensure_future(_answer(actor.begin.remote(spec, mirror.sizes())))
        await asyncio.wait([beginning], timeout=_SAY_WAITING_S)
        if not beginning.done():
            name, reason = spec["tag"]["name"], f"waiting for {self._settings['needs']}"
            if self._settings["sets_up"]:
                reason += f", or for Ray to set up {' and '.join(self._settings['sets_up'])}"
            self._events.write("waiting", name=name, reason=reason)
            if (message := unmet_need(self._ray, self._settings)) is not None:
                self._events.write("warn", kind="stuck", message=f"{message}: {UNTIL_ONE_JOINS}")
        await beginning

    async def _adopt(self, slot: int, name: str) -> None:
        self._busy[name] = slot
        mirror = Mirror(self._folder, name)
        try:
            actor = await asyncio.to_thread(self._slots.find, slot)
            if not await _answer(actor.adopt.remote(name, mirror.sizes())):
                self._events.write("unknown", name=name)
                return
            await self._see_through(actor, name, mirror)
        except ValueError:
            self._events.write("unknown", name=name)
        except (self._ray.exceptions.RayError, OSError) as error:
            await self._lose(slot, name, error)
        finally:
            self._busy.pop(name, None)

    async def _lose(self, slot: int, name: str, error: Exception) -> None:
        """Report a run as lost: its actor is gone, or its files cannot be written."""
        if isinstance(error, self._ray.exceptions.RayError):
            self._slots.forget(slot)
        else:
            await self._slots.free([slot])
        self._events.write("lost", name=name, detail=self._detail(error), cause=self._cause(error))

    def _detail(self, error: Exception) -> str:
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):  # its message is much longer
            return "Ray ended its slot because the node ran out of memory"
        return last_line(error)

    def _cause(self, error: Exception) -> str:
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            return "out_of_memory"
        return "preempted" if getattr(error, "preempted", False) else "node_failed"

    async def _see_through(self, actor: Any, name: str, mirror: Mirror) -> None:
        """Pass on the files of a run until it is over and all of them are here."""
        self._begun.add(name)
        self._events.write("begun", name=name)
        is_done, is_reached = False, True
        while not is_done:
            try:
                if not is_reached:  # what it passed on meanwhile has not arrived
                    await _answer(actor.adopt.remote(name, mirror.sizes()))
                    is_reached = True
                chunks, is_done = await _answer(actor.read.remote(name))
            except self._ray.exceptions.ActorUnavailableError:
                is_reached = False
                await asyncio.sleep(_UNREACHABLE_S)
                continue
            found = [Chunk(*one) for one in chunks]
            if not self._settings["is_shared"]:
                await self._write(mirror, list(found))
            if any(mirror.is_record(chunk.path) for chunk in found):
                self._events.write("changed", name=name)
        self._events.write("over", name=name)
        self._start(self._forget(actor, name))

    async def _forget(self, actor: Any, name: str) -> None:
        with contextlib.suppress(self._ray.exceptions.RayError):
            await _answer(actor.forget.remote(name))

    async def _write(self, mirror: Mirror, chunks: list[Chunk]) -> None:
        """Write what was passed on. On a full disk, wait for room: the node keeps the rest.

        Raises:
            OSError: it cannot be written.
        """
        while chunks:
            try:
                await asyncio.to_thread(mirror.write_all, chunks)
            except OSError as error:
                if not is_passing(error):
                    raise
                self._report_room(error)
                await asyncio.sleep(_ROOM_AGAIN_S)
            else:
                self._report_room(None)
                return

    def _report_room(self, error: OSError | None) -> None:
        if self._has_room == (error is None):
            return
        self._has_room = error is None
        if error is None:
            message = f"there is room in {self._folder} again: what runs have written arrives"
            self._events.write("warn_over", kind="room for files", message=message)
        else:
            message = (
                f"{self._folder}: {error.strerror}. What runs write stays on their nodes until "
                "there is room: free some"
            )
            self._events.write("warn", kind="room for files", message=message)

    async def _send(self, slot: int, name: str, letter: str) -> None:
        actor = self._slots.get(slot)
        if name not in self._begun:
            self._given_up.add(name)
            if actor is not None:
                self._ray.kill(actor)  # it waits for resources, or is about to begin
        elif actor is not None:
            with contextlib.suppress(self._ray.exceptions.RayError):
                await _answer(actor.send.remote(name, letter.encode()))


async def _answer(reference: Any) -> Any:
    return await reference


def setup_problem(text: str) -> str:
    """Return the error in the setup of a runtime environment by Ray, as pip or uv reports it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    problems = [line for line in lines if line.lower().startswith("error: ")]
    return (problems or lines or ["its runtime environment could not be set up"])[-1]


def last_line(error: BaseException) -> str:
    """Return the last line of an error's text. Ray raises some errors with their text in parts."""
    is_in_parts = isinstance(error, ValueError) and len(error.args) > 1
    text = " ".join(map(str, error.args)) if is_in_parts else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def _give_up(settings: Mapping[str, Any], events: Events) -> None:
    message = (
        f"nothing is reached at {settings['address']} within {settings['reached_within_s']:g} s. "
        "Check executor.address or RAY_ADDRESS, and that the cluster runs"
    )
    events.write("failed", message=message)
    os._exit(0)


async def _work(settings: Mapping[str, Any], events: Events) -> None:
    try:
        import ray
    except ImportError as error:
        events.write("failed", message=f"{error}. Install Ray in the version of the cluster")
        return
    for module in (node, relay):
        ray.cloudpickle.register_pickle_by_value(module)
    limit = limit_connecting(ray, settings["reached_within_s"], lambda: _give_up(settings, events))
    try:
        ray.init(
            address=settings["address"],
            runtime_env=settings["runtime_env"] or None,  # Ray accepts only folders here
            log_to_driver=False,
            configure_logging=False,
        )
    except (ConnectionError, RuntimeError, ValueError, TypeError, OSError) as error:
        events.write("failed", message=" ".join(str(error).split()))
        return
    finally:
        limit.cancel()
    driver = Driver(ray, settings, events)
    freeing = asyncio.get_running_loop().create_task(driver.free_slots())
    watching = asyncio.get_running_loop().create_task(_leave_with_cluster(ray))
    events.write("ready", cluster=describe_cluster(ray, settings))
    reader = asyncio.StreamReader(limit=1 << 26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        driver.obey(json.loads(line))
    freeing.cancel()
    watching.cancel()
    await driver.close()


async def _leave_with_cluster(ray: Any) -> None:
    """End at once when the cluster is gone: the next driver asks the new one for the runs."""
    await wait_gone(ray)
    os._exit(1)


def main() -> None:
    events = Events()
    asyncio.run(_work(json.loads(sys.argv[1]), events))
    os._exit(0)


if __name__ == "__main__":
    main()
