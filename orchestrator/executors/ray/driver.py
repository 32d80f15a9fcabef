"""The program between the orchestrator and a Ray cluster: the only one here that imports Ray.

It is a process of its own because Ray ends the process that lost its cluster, and because its
import takes a second. It reads requests from its input and writes events to its output, one line
of JSON each:

    open folder namespace
    submit slot spec runtime_env
                         begin a run in a slot, and pass its files on until it is over
    adopt slot name      the same for a run that was begun before
    send slot name letter
    end_slot slot        free a slot in which nothing runs

    ready | failed message
    waiting name reason | begun name | changed name (its record) | over name
    refused name detail | lost name detail | unknown name | stuck name message

The end of its input ends it: idle slots are freed, and runs continue in theirs.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..runner_archive import runner_archive
from . import node, relay
from .mirror import Mirror
from .relay import Chunk

DriverRequest = Mapping[str, Any]
_SAY_WAITING_S = 1.0
_UNREACHABLE_S = 1.0
_LOOK_S = 0.5
_IDLE_S = 60.0
_IDLE_WHILE_OTHERS_WAIT_S = 1.0
_TRIES = 6
_LEAVE_S = 2.0


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
        settings: `options` of the actors, what of that is `asked` of a node, `needs` as a text,
            `is_shared`.
    """

    def __init__(self, ray: Any, settings: Mapping[str, Any], events: Events) -> None:
        self._ray = ray
        self._settings = settings
        self._events = events
        self._folder, self._namespace = Path(), ""
        self._actors: dict[int, Any] = {}
        self._busy: dict[str, int] = {}
        self._begun: set[str] = set()
        self._given_up: set[str] = set()
        self._idle_since: dict[int, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._class = ray.remote(node.SlotActor)

    def obey(self, request: DriverRequest) -> None:
        """Begin what is asked for."""
        match request["do"]:
            case "open":
                self._folder, self._namespace = Path(request["folder"]), request["namespace"]
            case "submit":
                self._start(self._submit(**{k: v for k, v in request.items() if k != "do"}))
            case "adopt":
                self._start(self._adopt(request["slot"], request["name"]))
            case "send":
                self._start(self._send(request["slot"], request["name"], request["letter"]))
            case "end_slot":
                self._end_slot(request["slot"])

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- slots --------------------------------------------------------------------------------

    def _find_actor(self, slot: int) -> Any:
        if slot not in self._actors:
            self._actors[slot] = self._ray.get_actor(f"slot-{slot}", self._namespace)
        return self._actors[slot]

    def _make_actor(self, slot: int, runtime_env: dict[str, Any]) -> Any:
        try:
            return self._find_actor(slot)
        except ValueError:
            made = self._class.options(
                name=f"slot-{slot}",
                namespace=self._namespace,
                lifetime="detached",
                max_restarts=0,
                runtime_env=runtime_env or None,
                **self._settings["options"],
            )
            self._actors[slot] = made.remote(runner_archive())
            return self._actors[slot]

    def _end_slot(self, slot: int) -> None:
        if slot not in self._busy.values() and slot in self._actors:
            self._start(self._leave(self._actors.pop(slot)))

    async def _leave(self, actor: Any) -> None:
        leaving = asyncio.ensure_future(_answer(actor.leave.remote()))
        await asyncio.wait([leaving], timeout=_LEAVE_S)
        if not leaving.done():
            self._ray.kill(actor)  # it is not on a node yet, or cannot be reached
        with contextlib.suppress(self._ray.exceptions.RayError):
            await leaving

    async def close(self) -> None:
        """Free each idle slot. Runs continue in the others."""
        waiting = [slot for name, slot in self._busy.items() if name not in self._begun]
        idle = [slot for slot in self._actors if slot not in self._busy.values()]
        actors = [self._actors.pop(slot) for slot in {*waiting, *idle} if slot in self._actors]
        await asyncio.gather(*(self._leave(actor) for actor in actors))

    def _end_idle_slots(self, idle_s: float) -> None:
        """Free the slots that have had nothing to do for so long."""
        now, busy = time.monotonic(), set(self._busy.values())
        idle = self._actors.keys() - busy
        self._idle_since = {slot: self._idle_since.get(slot, now) for slot in idle}
        for slot, since in self._idle_since.items():
            if now - since >= idle_s:
                self._end_slot(slot)

    async def free_slots(self) -> None:
        """Give back what nobody uses, soon, if runs wait for it."""
        while True:
            await asyncio.sleep(_LOOK_S)
            has_waiting = bool(self._busy.keys() - self._begun)
            self._end_idle_slots(_IDLE_WHILE_OTHERS_WAIT_S if has_waiting else _IDLE_S)

    # --- runs ---------------------------------------------------------------------------------

    async def _submit(self, slot: int, spec: dict[str, Any], runtime_env: dict[str, Any]) -> None:
        name = spec["tag"]["name"]
        self._busy[name] = slot
        mirror = Mirror(self._folder, name)
        try:
            actor = await self._begin(slot, spec, runtime_env, mirror)
            await self._see_through(actor, name, mirror)
        except self._ray.exceptions.RayTaskError as error:
            self._events.tell("refused", name=name, detail=_last_line(error))
        except self._ray.exceptions.RuntimeEnvSetupError as error:
            self._actors.pop(slot, None)
            self._events.tell("refused", name=name, detail=_last_line(error))
        except (self._ray.exceptions.RayError, OSError, ValueError) as error:
            self._lose(slot, name, error)
        finally:
            self._busy.pop(name, None)

    async def _begin(
        self, slot: int, spec: dict[str, Any], runtime_env: dict[str, Any], mirror: Mirror
    ) -> Any:
        """Hand a run to the actor of its slot, and return the actor once the run has begun."""
        name = spec["tag"]["name"]
        for left in reversed(range(_TRIES)):
            try:
                actor = await asyncio.to_thread(self._make_actor, slot, runtime_env)
                await self._hand_over(actor, spec, mirror)
                return actor
            except (self._ray.exceptions.ActorDiedError, ValueError):
                # an actor of this name that was ended before may not be gone yet
                self._actors.pop(slot, None)
                if not left or name in self._given_up:
                    raise
            await asyncio.sleep(_LOOK_S)
        raise AssertionError

    async def _hand_over(self, actor: Any, spec: dict[str, Any], mirror: Mirror) -> None:
        beginning = asyncio.ensure_future(_answer(actor.begin.remote(spec, mirror.sizes())))
        await asyncio.wait([beginning], timeout=_SAY_WAITING_S)
        if not beginning.done():
            name, needs = spec["tag"]["name"], self._settings["needs"]
            self._events.tell("waiting", name=name, reason=f"waiting for {needs}")
            self._warn_if_stuck(name)
        await beginning

    async def _adopt(self, slot: int, name: str) -> None:
        self._busy[name] = slot
        mirror = Mirror(self._folder, name)
        try:
            actor = await asyncio.to_thread(self._find_actor, slot)
            if not await _answer(actor.adopt.remote(name, mirror.sizes())):
                self._events.tell("unknown", name=name)
                return
            await self._see_through(actor, name, mirror)
        except ValueError:
            self._events.tell("unknown", name=name)
        except (self._ray.exceptions.RayError, OSError) as error:
            self._lose(slot, name, error)
        finally:
            self._busy.pop(name, None)

    def _lose(self, slot: int, name: str, error: Exception) -> None:
        self._actors.pop(slot, None)
        self._events.tell("lost", name=name, detail=_last_line(error))

    async def _see_through(self, actor: Any, name: str, mirror: Mirror) -> None:
        """Pass its files on until it is over and all of them are here."""
        self._begun.add(name)
        self._events.tell("begun", name=name)
        is_shared, is_done = self._settings["is_shared"], False
        while not is_done:
            try:
                chunks, is_done = await _answer(actor.read.remote(name))
            except self._ray.exceptions.ActorUnavailableError:
                await asyncio.sleep(_UNREACHABLE_S)
                continue
            for chunk in (Chunk(*one) for one in chunks):
                if not is_shared:
                    await asyncio.to_thread(mirror.write, chunk)
                if mirror.is_record(chunk.path):
                    self._events.tell("changed", name=name)
        await _answer(actor.forget.remote(name))
        self._events.tell("over", name=name)

    async def _send(self, slot: int, name: str, letter: str) -> None:
        actor = self._actors.get(slot)
        if actor is None:
            return
        if name not in self._begun:
            self._given_up.add(name)
            self._ray.kill(actor)  # it waits for resources, or is about to begin
            return
        with contextlib.suppress(self._ray.exceptions.RayError):
            await _answer(actor.send.remote(name, letter.encode()))

    def _warn_if_stuck(self, name: str) -> None:
        asked = self._settings["asked"]
        nodes = [one["Resources"] for one in self._ray.nodes() if one["Alive"]]
        if not any(all(own.get(key, 0) >= n for key, n in asked.items()) for own in nodes):
            self._events.tell(
                "stuck",
                name=name,
                message=f"no node of the Ray cluster has {self._settings['needs']}: "
                "runs wait until one joins",
            )


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
            log_to_driver=False,
            configure_logging=False,
        )
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        events.tell("failed", message=" ".join(str(error).split()))
        return
    driver = Driver(ray, settings, events)
    freeing = asyncio.get_running_loop().create_task(driver.free_slots())
    events.tell("ready")
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
