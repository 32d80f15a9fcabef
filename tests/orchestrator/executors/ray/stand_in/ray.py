"""Stands in for Ray where it is not installed: actors that live in the driver's process.

Real Ray is used by `scripts/test-ray`. `STAND_IN_RAY` has how many actors find a place at once,
or the error with which `init` fails, or "hangs" if it reaches nothing.
"""

import asyncio
import os
import threading
import types


class exceptions:
    class RayError(Exception):
        pass

    class RayTaskError(RayError):
        pass

    class RuntimeEnvSetupError(RayError):
        pass

    class ActorDiedError(RayError):
        pass

    class ActorUnavailableError(RayError):
        pass

    class OutOfMemoryError(RayError):
        pass


util = types.SimpleNamespace(list_named_actors=lambda all_namespaces: [])
_private = types.SimpleNamespace(worker=types.SimpleNamespace(_global_node=None))
cloudpickle = types.SimpleNamespace(register_pickle_by_value=lambda module: None)
_ACTORS = {}
_SAID = os.environ.get("STAND_IN_RAY", "8")
__version__ = "2.60.0"


def init(**options):
    if _SAID == "hangs":
        threading.Event().wait(timeout=600)
    if not _SAID.isdecimal():
        raise ConnectionError(_SAID)


def nodes():
    return [{"Alive": True, "NodeID": "here", "Resources": {"CPU": 2.0}}]


def get_runtime_context():
    return types.SimpleNamespace(get_node_id=lambda: "here")


def get_actor(name, namespace):
    return _ACTORS[name] if name in _ACTORS else _missing(name)


def _missing(name):
    raise ValueError(f"no actor {name}")


def kill(actor):
    actor._end()


class _Actor:
    def __init__(self, cls, name, arguments):
        self._make = lambda: cls(*arguments)
        self._name = name
        self._made = None
        self._is_dead = False
        _ACTORS[name] = self

    def __getattr__(self, name):
        call = types.SimpleNamespace(remote=lambda *given: self._call(name, given))
        return call

    async def _call(self, name, given):
        await self._wait_for_place()
        if name == "leave":
            self._end()
        if self._is_dead:
            raise exceptions.ActorDiedError("the actor died")
        try:
            return await getattr(self._made, name)(*given)
        except OSError as error:
            raise exceptions.RayTaskError(str(error)) from error

    async def _wait_for_place(self):
        while self._made is None and not self._is_dead:
            placed = [one for one in _ACTORS.values() if one._made is not None]
            if len(placed) < int(_SAID):
                self._made = self._make()
            else:
                await asyncio.sleep(0.02)

    def _end(self):
        self._is_dead = True
        _ACTORS.pop(self._name, None)
        if self._made is not None:
            for run in self._made._runs.values():
                run.close()


def remote(cls):
    def options(*, name, **more):
        return types.SimpleNamespace(remote=lambda *given: _Actor(cls, name, given))

    return types.SimpleNamespace(options=options)
