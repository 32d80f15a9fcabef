"""The program between the orchestrator and a Ray cluster: the only one here that imports Ray.

It is a process of its own because Ray ends the process that lost its cluster, and because its
import takes a second. It reads requests from its input and writes events to its output, one line
of JSON each:

    open folder namespace
    submit slot spec     begin a run in a slot, and pass its files on until it is over
    adopt slot name      the same for a run that was begun before
    send slot name letter
    end_slot slot        free a slot in which nothing runs

    ready cluster (what it is, for people) | failed message
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
import traceback
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any

from ...store.files.disk import is_passing
from . import node, relay
from .cluster_slots import ClusterSlots
from .mirror import Mirror
from .relay import Chunk

DriverRequest = Mapping[str, Any]
_SAY_WAITING_S = 1.0
_UNREACHABLE_S = 1.0
_LOOK_S = 0.5
_IDLE_S = 60.0
_IDLE_WHILE_OTHERS_WAIT_S = 1.0
_ROOM_AGAIN_S = 1.0
_TRIES = 6
_UNTIL_ONE_JOINS = "runs wait until one joins"


class Events:
    """Writes events. All other output goes to the log."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)

    def tell(self, event: str, **fields: object) -> None:
        os.write(self._fd, json.dumps({"event": event, **fields}).encode() + b"\n")


class Driver:
    """Sees runs through in actors of the cluster.

    Args:
        ray: the module.
        settings: `address`, `runtime_env`, `options` of the actors, what of that is `asked` of a
            node, `needs` as a text, `is_shared`.
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
        """Begin what is asked for."""
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
        """End with what nobody expected: the next driver sees the runs through."""
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
        """Give back what nobody uses, soon, if runs wait for it."""
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
            The actor once the run has begun, or None if it cannot begin, which is told.
        """
        name, errors = spec["tag"]["name"], self._ray.exceptions
        detail = ""
        for _ in range(_TRIES):
            try:
                actor = await asyncio.to_thread(self._slots.make, slot)
                if name in self._given_up:
                    await self._slots.free([slot])
                    break
                await self._hand_over(actor, spec, mirror)
                return actor
            except errors.RayTaskError as error:
                detail = _last_line(error)
                break
            except errors.ActorUnavailableError:
                await asyncio.sleep(_UNREACHABLE_S)
                continue
            except (errors.ActorDiedError, errors.RuntimeEnvSetupError, ValueError) as error:
                # an actor of this name that was ended before may not be gone yet
                self._slots.forget(slot)
                detail = _last_line(error)
                if name in self._given_up or isinstance(error, errors.RuntimeEnvSetupError):
                    break
            await asyncio.sleep(_LOOK_S)
        self._events.tell("refused", name=name, detail=detail)
        return None

    async def _hand_over(self, actor: Any, spec: dict[str, Any], mirror: Mirror) -> None:
        beginning = asyncio.ensure_future(_answer(actor.begin.remote(spec, mirror.sizes())))
        await asyncio.wait([beginning], timeout=_SAY_WAITING_S)
        if not beginning.done():
            name, needs = spec["tag"]["name"], self._settings["needs"]
            self._events.tell("waiting", name=name, reason=f"waiting for {needs}")
            if (message := what_no_node_has(self._ray, self._settings)) is not None:
                self._events.tell("warn", kind="stuck", message=f"{message}: {_UNTIL_ONE_JOINS}")
        await beginning

    async def _adopt(self, slot: int, name: str) -> None:
        self._busy[name] = slot
        mirror = Mirror(self._folder, name)
        try:
            actor = await asyncio.to_thread(self._slots.find, slot)
            if not await _answer(actor.adopt.remote(name, mirror.sizes())):
                self._events.tell("unknown", name=name)
                return
            await self._see_through(actor, name, mirror)
        except ValueError:
            self._events.tell("unknown", name=name)
        except (self._ray.exceptions.RayError, OSError) as error:
            await self._lose(slot, name, error)
        finally:
            self._busy.pop(name, None)

    async def _lose(self, slot: int, name: str, error: Exception) -> None:
        """Nothing more is learned of a run: its actor is gone, or its files cannot be written."""
        if isinstance(error, self._ray.exceptions.RayError):
            self._slots.forget(slot)
        else:
            await self._slots.free([slot])
        self._events.tell("lost", name=name, detail=self._detail(error), cause=self._cause(error))

    def _detail(self, error: Exception) -> str:
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):  # says much more
            return "Ray ended its slot because the node ran out of memory"
        return _last_line(error)

    def _cause(self, error: Exception) -> str:
        if isinstance(error, self._ray.exceptions.OutOfMemoryError):
            return "out_of_memory"
        return "preempted" if getattr(error, "preempted", False) else "node_failed"

    async def _see_through(self, actor: Any, name: str, mirror: Mirror) -> None:
        """Pass its files on until it is over and all of them are here."""
        self._begun.add(name)
        self._events.tell("begun", name=name)
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
                self._events.tell("changed", name=name)
        self._events.tell("over", name=name)
        self._start(self._forget(actor, name))

    async def _forget(self, actor: Any, name: str) -> None:
        with contextlib.suppress(self._ray.exceptions.RayError):
            await _answer(actor.forget.remote(name))

    async def _write(self, mirror: Mirror, chunks: list[Chunk]) -> None:
        """Write what was passed on. On a full disk wait for room: the node keeps the rest.

        Raises:
            OSError: it cannot be written.
        """
        while chunks:
            try:
                await asyncio.to_thread(mirror.write_all, chunks)
            except OSError as error:
                if not is_passing(error):
                    raise
                self._tell_of_room(error)
                await asyncio.sleep(_ROOM_AGAIN_S)
            else:
                self._tell_of_room(None)
                return

    def _tell_of_room(self, error: OSError | None) -> None:
        if self._has_room == (error is None):
            return
        self._has_room = error is None
        if error is None:
            message = f"there is room in {self._folder} again: what runs have written arrives"
            self._events.tell("warn_over", kind="room for files", message=message)
        else:
            message = (
                f"{self._folder}: {error.strerror}. What runs write stays on their nodes until "
                "there is room: free some"
            )
            self._events.tell("warn", kind="room for files", message=message)

    async def _send(self, slot: int, name: str, letter: str) -> None:
        actor = self._slots.get(slot)
        if name not in self._begun:
            self._given_up.add(name)
            if actor is not None:
                self._ray.kill(actor)  # it waits for resources, or is about to begin
        elif actor is not None:
            with contextlib.suppress(self._ray.exceptions.RayError):
                await _answer(actor.send.remote(name, letter.encode()))


def describe_cluster(ray: Any, settings: Mapping[str, Any]) -> str:
    """How large the cluster is, and how many runs it has place for if nobody else uses it."""
    nodes = [one["Resources"] for one in ray.nodes() if one["Alive"]]
    totals = {name: sum(own.get(name, 0.0) for own in nodes) for name in ("CPU", "GPU")}
    size = ", ".join(f"{n:g} {name}" for name, n in totals.items() if n)
    known = f"Ray {ray.__version__}, {len(nodes)} nodes with {size or 'no CPU'}"
    if (lack := what_no_node_has(ray, settings)) is not None:
        return f"{known}; {lack}: {_UNTIL_ONE_JOINS}"
    asked = settings["asked"]
    places = [min(own.get(key, 0.0) // n for key, n in asked.items()) for own in nodes if asked]
    return f"{known}. Place for {sum(places):g} runs at once" if asked else known


def what_no_node_has(ray: Any, settings: Mapping[str, Any]) -> str | None:
    """A sentence if a run needs more than any node of the cluster has, or None."""
    nodes = [one["Resources"] for one in ray.nodes() if one["Alive"]]
    if any(all(own.get(key, 0) >= n for key, n in settings["asked"].items()) for own in nodes):
        return None
    return f"no node of the Ray cluster has {settings['needs']}"


async def _answer(reference: Any) -> Any:
    return await reference


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


async def _work(settings: Mapping[str, Any], events: Events) -> None:
    try:
        import ray
    except ImportError as error:
        events.tell("failed", message=f"{error}. Install Ray in the version of the cluster")
        return
    for module in (node, relay):
        ray.cloudpickle.register_pickle_by_value(module)
    try:
        ray.init(
            address=settings["address"],
            runtime_env=settings["runtime_env"] or None,  # Ray takes folders here only
            log_to_driver=False,
            configure_logging=False,
        )
    except (ConnectionError, RuntimeError, ValueError, TypeError, OSError) as error:
        events.tell("failed", message=" ".join(str(error).split()))
        return
    driver = Driver(ray, settings, events)
    freeing = asyncio.get_running_loop().create_task(driver.free_slots())
    events.tell("ready", cluster=describe_cluster(ray, settings))
    reader = asyncio.StreamReader(limit=1 << 26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        driver.obey(json.loads(line))
    freeing.cancel()
    await driver.close()


def main() -> None:
    events = Events()
    asyncio.run(_work(json.loads(sys.argv[1]), events))
    os._exit(0)


if __name__ == "__main__":
    main()
