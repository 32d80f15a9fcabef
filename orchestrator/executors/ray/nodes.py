"""The nodes of a cluster: what they have, and whether the driver is still connected to one."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any

UNTIL_ONE_JOINS = "runs wait until one joins"
_LOOK_S = 5.0
_N_LOOKS = 2


def describe_cluster(ray: Any, settings: Mapping[str, Any]) -> str:
    """Describe the size of the cluster, and how many runs fit if it is otherwise unused."""
    nodes = [one["Resources"] for one in ray.nodes() if one["Alive"]]
    totals = {name: sum(own.get(name, 0.0) for own in nodes) for name in ("CPU", "GPU")}
    size = ", ".join(f"{n:g} {name}" for name, n in totals.items() if n)
    known = f"Ray {ray.__version__}, {len(nodes)} nodes with {size or 'no CPU'}"
    if (lack := unmet_need(ray, settings)) is not None:
        return f"{known}; {lack}: {UNTIL_ONE_JOINS}"
    asked = settings["asked"]
    places = [min(own.get(key, 0.0) // n for key, n in asked.items()) for own in nodes if asked]
    return f"{known}. Room for {sum(places):g} runs at once" if asked else known


def unmet_need(ray: Any, settings: Mapping[str, Any]) -> str | None:
    """Return a sentence if a run needs more than any node of the cluster has, or None."""
    nodes = [one["Resources"] for one in ray.nodes() if one["Alive"]]
    if any(all(own.get(key, 0) >= n for key, n in settings["asked"].items()) for own in nodes):
        return None
    return f"no node of the Ray cluster has {settings['needs']}"


def limit_connecting(ray: Any, within_s: float, give_up: Callable[[], None]) -> threading.Timer:
    """Call a function in a thread if no cluster is reached in time. Ray itself tries for minutes.

    What follows, such as sending the working directory, may take longer.
    """

    def look() -> None:
        worker = getattr(getattr(ray, "_private", None), "worker", None)
        if getattr(worker, "_global_node", "not known") is None:
            give_up()

    timer = threading.Timer(within_s, look)
    timer.daemon = True
    timer.start()
    return timer


async def wait_gone(ray: Any) -> None:
    """Wait until the node that this process is connected to no longer belongs to the cluster.

    Ray ends a process that cannot reach its head. If a new head starts at the same address before
    that, Ray says nothing, and calls to the actors of the old cluster never return.
    """
    own, n_missed = ray.get_runtime_context().get_node_id(), 0
    while n_missed < _N_LOOKS:
        await asyncio.sleep(_LOOK_S)
        try:
            nodes = await asyncio.to_thread(ray.nodes)
        except ray.exceptions.RayError:
            continue  # the head does not answer
        is_there = any(node["Alive"] and node["NodeID"] == own for node in nodes)
        n_missed = 0 if is_there else n_missed + 1
