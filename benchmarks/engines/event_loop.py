"""How long an event loop is held at once, and by what.

How late a loop is says little on a busy machine: it waits for a core as everybody does. So the time
between two looks at what has happened (a turn) is split into CPU time of the loop's thread, time
that it was ready to run while others had the cores, and the rest, in which it waited for a lock,
the interpreter's among them, or for a file. An idle loop in another process is late at the same
time for the machine's reasons alone.
"""

import asyncio
import gc
import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

TICK_S = 0.005
N_LONGEST = 3
_OWN = "ml_tracking_ops"


class LoopMeter:
    """Measures the event loop of this thread while it is entered."""

    def __init__(self) -> None:
        self._late_s: list[float] = []
        self._turns: list[_Spent] = []
        self._callbacks: list[_Spent] = []
        self._longest: list[tuple[_Spent, str]] = []
        self._held: list[tuple[_Spent, str]] = []
        self._began = _Moment(0, 0, 0, 0)
        self._is_over = False
        self._collecting_s = 0.0
        self._collecting_since = 0.0
        self._next_tick_at = 0.0
        self._ticking: asyncio.TimerHandle | None = None
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> "LoopMeter":
        self._thread = threading.get_ident()
        self._waiting_fd = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        gc.callbacks.append(self._see_collector)
        self._undo.append(lambda: gc.callbacks.remove(self._see_collector))
        kind = type(selectors.DefaultSelector())
        select, run = kind.select, asyncio.events.Handle._run

        def measured_select(selector: Any, timeout: float | None = None) -> Any:
            if threading.get_ident() != self._thread or not _is_loops(selector):
                return select(selector, timeout)
            self._see_turn_over()
            found = select(selector, timeout)
            self._began = self._now()
            return found

        def measured_run(handle: Any) -> None:
            if threading.get_ident() == self._thread:
                self._measure(handle, run)
            else:
                run(handle)

        kind.select = measured_select  # type: ignore[method-assign, assignment]
        asyncio.events.Handle._run = measured_run  # type: ignore[method-assign, assignment]
        self._undo.append(lambda: setattr(kind, "select", select))
        self._undo.append(lambda: setattr(asyncio.events.Handle, "_run", run))
        return self

    def __exit__(self, *exc_info: object) -> None:
        for undo in self._undo:
            undo()
        if self._ticking is not None:
            self._ticking.cancel()
        self._is_over = True  # the callback that leaves this is not measured
        os.close(self._waiting_fd)

    # --- measuring ----------------------------------------------------------------------------

    def _now(self) -> "_Moment":
        no_core_s = int(os.pread(self._waiting_fd, 100, 0).split()[1]) / 1e9
        return _Moment(time.perf_counter(), time.thread_time(), no_core_s, self._collecting_s)

    def _see_collector(self, phase: str, _: object) -> None:
        if threading.get_ident() == self._thread:
            if phase == "start":
                self._collecting_since = time.thread_time()
            else:
                self._collecting_s += time.thread_time() - self._collecting_since

    def _see_turn_over(self) -> None:
        if self._ticking is None:
            self._tick(asyncio.get_running_loop())
        else:
            self._turns.append(self._now().since(self._began))

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        if self._ticking is not None:
            self._late_s.append(now - self._next_tick_at)
        self._next_tick_at = now + TICK_S
        self._ticking = loop.call_at(self._next_tick_at, self._tick, loop)

    def _measure(self, handle: Any, run: Callable[[Any], None]) -> None:
        what = _what(handle)
        began = self._now()
        run(handle)
        if self._is_over:
            return
        spent = self._now().since(began)
        self._callbacks.append(spent)
        self._longest = _most([*self._longest, (spent, what)], lambda one: one[0].cpu_s)
        self._held = _most([*self._held, (spent, what)], lambda one: one[0].rest_s)

    # --- what was measured --------------------------------------------------------------------

    def result(self) -> dict[str, Any]:
        """In milliseconds: pairs are the 99th percentile and the most."""
        return {
            "n_callbacks": len(self._callbacks),
            "late": _ms(self._late_s),
            "turn": _ms([one.wall_s for one in self._turns]),
            "turn_cpu": _ms([one.cpu_s for one in self._turns]),
            "turn_no_core": _ms([one.no_core_s for one in self._turns]),
            "turn_rest": _ms([one.rest_s for one in self._turns]),
            "callback_cpu": _ms([one.cpu_s for one in self._callbacks]),
            "longest": [spent.described(what) for spent, what in self._longest],
            "held": [spent.described(what) for spent, what in self._held],
        }


class _Spent(NamedTuple):
    """Seconds: by the clock, of CPU, ready without a core, and of CPU for collecting garbage."""

    wall_s: float
    cpu_s: float
    no_core_s: float
    collecting_s: float

    @property
    def rest_s(self) -> float:
        return max(0.0, self.wall_s - self.cpu_s - self.no_core_s)

    def described(self, what: str) -> list[object]:
        collecting = self.collecting_s * 1000
        more = f" ({collecting:.0f} ms garbage collection)" if collecting >= 1 else ""
        return [self.cpu_s * 1000, self.rest_s * 1000, what + more]


class _Moment(NamedTuple):
    """The same since the beginning."""

    wall_s: float
    cpu_s: float
    no_core_s: float
    collecting_s: float

    def since(self, then: "_Moment") -> _Spent:
        return _Spent(*(now - before for now, before in zip(self, then, strict=True)))


def _most(found: list[Any], key: Callable[[Any], float]) -> list[Any]:
    return sorted(found, key=key, reverse=True)[:N_LONGEST]


def _is_loops(selector: Any) -> bool:
    return getattr(asyncio.get_running_loop(), "_selector", None) is selector


def _ms(values_s: list[float]) -> tuple[float, float]:
    ordered = sorted(values_s) or [0.0]
    return ordered[int(len(ordered) * 0.99)] * 1000, ordered[-1] * 1000


def _what(handle: Any) -> str:
    """What a callback is: of a task, where it continues, as far as that is our code."""
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return str(getattr(callback, "__qualname__", callback))
    found = ""
    inner: Any = task.get_coro()
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "ag_frame", None)
        if frame is not None and _OWN in frame.f_code.co_filename + frame.f_globals["__name__"]:
            module = frame.f_globals["__name__"].rpartition(".")[2]
            found = f"{module}.{frame.f_code.co_qualname}:{frame.f_lineno}"
        inner = getattr(inner, "cr_await", None) or getattr(inner, "ag_await", None)
    return found or str(task.get_coro())


# --- the control ---------------------------------------------------------------------------------


@contextmanager
def idle_loop_beside() -> Iterator[dict[str, Any]]:
    """An idle loop in another process. What was measured of it is there afterwards."""
    found: dict[str, Any] = {}
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield found
    finally:
        said, _ = process.communicate()
    found.update(json.loads(said))


def report(ours: Mapping[str, Any], idle: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Lines of three: what, its value, the target."""
    return [
        ("event loop late, 99th percentile (most)", _pair(ours["late"]), "–"),
        ("an idle loop in another process, late at the same time", _pair(idle["late"]), "–"),
        ("between two looks at what has happened", _pair(ours["turn"]), "–"),
        ("… of it waiting for a core", _pair(ours["turn_no_core"]), "–"),
        ("… CPU time of the loop's thread", _pair(ours["turn_cpu"]), "0 ms"),
        ("… the rest: locks (also the interpreter's), files", _pair(ours["turn_rest"]), "0 ms"),
        ("CPU time of one callback", _pair(ours["callback_cpu"]), "–"),
        *((f"longest CPU: {what}", f"{cpu_ms:.1f} ms", "–") for cpu_ms, _, what in ours["longest"]),
        *((f"longest rest: {what}", f"{rest:.1f} ms", "–") for _, rest, what in ours["held"]),
    ]


def _pair(values_ms: tuple[float, float]) -> str:
    return f"{values_ms[0]:.1f} ({values_ms[1]:.1f}) ms"


async def _idle(meter: LoopMeter) -> None:
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    with LoopMeter() as meter:
        asyncio.run(_idle(meter))
    print(json.dumps(meter.result()))
