"""The actors of a sweep on the cluster, one for each slot: found by name, made, and freed."""

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from typing import Any

from ..runner_archive import runner_archive
from . import node

_LEAVE_S = 2.0
_PREFIX = "slot-"


class ClusterSlots:
    """The slots of one sweep.

    Args:
        ray: the module.
        options: of each actor: what it needs of a node.

    Attributes:
        namespace: of the sweep, where its actors are found by name.
    """

    def __init__(self, ray: Any, options: Mapping[str, Any]) -> None:
        self.namespace = ""
        self._ray = ray
        self._options = options
        self._actors: dict[int, Any] = {}
        self._idle_since: dict[int, float] = {}
        self._class = ray.remote(node.SlotActor)

    def __contains__(self, slot: int) -> bool:
        return slot in self._actors

    def get(self, slot: int) -> Any:
        """Return the actor of a slot, or None if it was neither found nor made."""
        return self._actors.get(slot)

    def find(self, slot: int) -> Any:
        """Find the actor of a slot.

        Raises:
            ValueError: there is none.
        """
        if slot not in self._actors:
            self._actors[slot] = self._ray.get_actor(f"{_PREFIX}{slot}", self.namespace)
        return self._actors[slot]

    def find_all(self) -> None:
        """Find those that an earlier driver made, so that unused ones are freed."""
        for known in self._ray.util.list_named_actors(all_namespaces=True):
            number = known["name"].removeprefix(_PREFIX)
            if known["namespace"] == self.namespace and number.isdecimal():
                with contextlib.suppress(ValueError):
                    self.find(int(number))

    def make(self, slot: int) -> Any:
        """Return the actor of a slot, or a new one, which Ray starts when there is room.

        Raises:
            ValueError: there is one that is about to end.
        """
        if slot not in self._actors:
            made = self._class.options(
                name=f"{_PREFIX}{slot}",
                namespace=self.namespace,
                lifetime="detached",
                max_restarts=0,
                **self._options,
            )
            self._actors[slot] = made.remote(runner_archive())
        return self._actors[slot]

    def end(self, slot: int) -> bool:
        """End the actor that has the name of a slot in which nothing runs.

        Returns:
            Whether there was one: Ray keeps the names on a lost node until it is sure.
        """
        self.forget(slot)
        try:
            self._ray.kill(self.find(slot))
        except ValueError:
            return False
        self.forget(slot)
        return True

    def forget(self, slot: int) -> None:
        """Treat its actor as gone."""
        self._actors.pop(slot, None)

    async def free(self, slots: Collection[int]) -> None:
        """End the actors of slots in which nothing runs."""
        actors = [self._actors.pop(slot) for slot in slots if slot in self._actors]
        await asyncio.gather(*(self._leave(actor) for actor in actors))

    async def _leave(self, actor: Any) -> None:
        leaving = asyncio.ensure_future(_answer(actor.leave.remote()))
        await asyncio.wait([leaving], timeout=_LEAVE_S)
        if not leaving.done():
            self._ray.kill(actor)  # it is not on a node yet, or cannot be reached
        with contextlib.suppress(self._ray.exceptions.RayError):
            await leaving

    def unused(self, busy: Collection[int]) -> set[int]:
        """Return the slots in which nothing runs."""
        return self._actors.keys() - set(busy)

    def unused_for(self, busy: Collection[int], idle_s: float) -> list[int]:
        """Return the slots in which nothing has run for so long."""
        now = time.monotonic()
        self._idle_since = {slot: self._idle_since.get(slot, now) for slot in self.unused(busy)}
        return [slot for slot, since in self._idle_since.items() if now - since >= idle_s]


async def _answer(reference: Any) -> Any:
    return await reference
