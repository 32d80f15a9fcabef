"""Sweeps on Ray beside plain Ray, on a cluster of two virtual nodes of two CPUs on this machine.

    scripts/with-ray benchmarks/on_ray.py [--runs N]

It prints one line a figure: what was measured, and the target. The cluster, the orchestrator and
the runs share this machine's cores.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
from engines.event_loop import LoopMeter, idle_loop_beside, report
from engines.sweeps import (
    N_STOPS,
    SHORT_S,
    TRAIN,
    Moments,
    command,
    measure_loop_of_sweep,
    new_folder,
    say,
    say_machine,
    spread,
    sweep_of_short_runs,
)

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support" / "clusters"))

from ray_cluster import RayCluster

from ml_tracking_ops.orchestrator.executors.base import RecordedRun, RunCommand
from ml_tracking_ops.orchestrator.executors.ray.executor import RayExecutor
from ml_tracking_ops.orchestrator.executors.ray.run import RayRun
from ml_tracking_ops.orchestrator.executors.ray.settings import RaySettings

N_SLOTS = 4
N_SUBMITTED = 100
LIMIT_S = 60
GRACE_S = 5
WAITS = "import time; time.sleep(600)"
FAMILY = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {WAITS!r}])
print("ready", flush=True)
time.sleep(600)
"""
TALKS = """
import time
print("ready", flush=True)
for _ in range(100):
    print(repr(time.time()), flush=True)
    time.sleep(0.07)
"""
PLAIN = """
import json, subprocess, sys, time, ray
n_runs, code = int(sys.argv[1]), sys.argv[2]
ray.init(address="auto", log_to_driver=False, configure_logging=False)

@ray.remote(num_cpus=1)
def train(code):
    began_at = time.time()
    subprocess.run([sys.executable, "-c", code], check=True)
    return began_at

asked_at = time.time()
began_at = ray.get([train.remote(code) for _ in range(n_runs)])
print(json.dumps([asked_at, min(began_at), time.time()]))
"""


def executor(n_slots: int = N_SLOTS) -> RayExecutor:
    return RayExecutor(RaySettings(), n_slots, stop_signal="SIGTERM", grace_s=GRACE_S)


def program(folder: Path, name: str, code: str) -> RunCommand:
    return command(folder, name, sys.executable, "-c", code)


async def see_ready(run: RayRun, log: Path) -> None:
    with anyio.fail_after(LIMIT_S):
        await run.wait_started(lambda reason: None)
        while "ready" not in log.read_text():  # noqa: ASYNC110
            await anyio.sleep(0.01)


def marked(mark: str) -> list[int]:
    """The processes that have this in their environment."""
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            try:
                variables = (one / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if mark.encode() in variables:
                found.append(int(one.name))
    return found


# --- throughput ----------------------------------------------------------------------------------


def plain_tasks(folder: Path, n_runs: int) -> Moments:
    """Tasks of plain Ray, each of which starts the same program and waits for it."""
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(n_runs), TRAIN],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=LIMIT_S,
    )
    return Moments(*json.loads(done.stdout.splitlines()[-1]))


def measure_throughput(top: Path, n_runs: int) -> None:
    plain = plain_tasks(new_folder(top, "plain"), n_runs)
    ours = sweep_of_short_runs(new_folder(top, "ours"), n_runs, "ray", N_SLOTS)
    rates = [n_runs / (one.ended_at - one.began_at) for one in (ours, plain)]
    said = f"{rates[0]:.1f} / {rates[1]:.1f} = {rates[0] / rates[1]:.2f}"
    say(f"{SHORT_S} s runs a second, {N_SLOTS} at once: sweep / plain tasks", said, "12")
    waits = [one.began_at - one.asked_at for one in (ours, plain)]
    said = f"{waits[0]:.1f} / {waits[1]:.1f} s"
    say("before that, until the first one begins: sweep / plain tasks", said, "–")


# --- submitting and finding ----------------------------------------------------------------------


async def measure_submission(folder: Path) -> None:
    async with executor(N_SUBMITTED) as engine:
        gc.freeze()  # as the command does
        with idle_loop_beside() as idle, LoopMeter() as meter:
            began = time.perf_counter()
            runs = [
                await engine.submit(program(folder, f"2026-11-29_10-00-00_{n:04d}", WAITS), slot)
                for n, slot in enumerate(engine.slots)
            ]
            took_s = time.perf_counter() - began
            await anyio.sleep(2)
        for run in runs:
            run.kill()
        for run in runs:
            await run.wait()
    say("a submission", f"{took_s / N_SUBMITTED * 1000:.1f} ms", "15 ms")
    for line in report(meter.result(), idle):
        say(*line)


async def measure_finding(folder: Path) -> None:
    names = [f"2026-11-29_12-00-00_{n:04d}" for n in range(N_SLOTS)]
    refs = []
    async with executor() as engine:
        for name, slot in zip(names, engine.slots, strict=True):
            run = await engine.submit(program(folder, name, FAMILY), slot)
            await see_ready(run, folder / f"{name}.log")
            refs.append(run.ref)
    began = time.perf_counter()
    async with executor() as engine:
        connected_s = time.perf_counter() - began
        began = time.perf_counter()
        known = [RecordedRun(name, ref, 1.0, None) for name, ref in zip(names, refs, strict=True)]
        found = await engine.find(folder, known)
        took_s = time.perf_counter() - began
        assert all(one.standing == "started" for one in found.values())
        say(f"finding {N_SLOTS} runs again", f"{took_s:.2f} s", "1 s")
        say("connecting before that: importing Ray, ray.init", f"{connected_s:.1f} s", "–")
        async with anyio.create_task_group() as tasks:
            for one in found.values():
                tasks.start_soon(one.handle.stop, GRACE_S)


# --- stopping and relaying -----------------------------------------------------------------------


async def measure_stops(folder: Path) -> None:
    to_gone_s, to_known_s = [], []
    async with executor(1) as engine:
        for index in range(N_STOPS):
            name = f"2026-11-29_11-00-00_{index:04d}"
            run = await engine.submit(program(folder, name, FAMILY), engine.slots[0])
            await see_ready(run, folder / f"{name}.log")
            await anyio.sleep(0.2)
            decided_at = time.perf_counter()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(run.stop, GRACE_S)
                while await anyio.to_thread.run_sync(marked, f"MARK={name}"):  # noqa: ASYNC110
                    await anyio.sleep(0.005)
                to_gone_s.append(time.perf_counter() - decided_at)
                await run.wait()
                to_known_s.append(time.perf_counter() - decided_at)
    say("decision → the whole tree is gone, median (most)", spread(to_gone_s), "800 ms")
    say("decision → its end is known here, median (most)", spread(to_known_s), "–")


async def measure_relay(folder: Path) -> None:
    name = "2026-11-29_13-00-00_0001"
    log = folder / f"{name}.log"
    took_s: list[float] = []
    async with executor(1) as engine:
        run = await engine.submit(program(folder, name, TALKS), engine.slots[0])
        await see_ready(run, log)
        n_seen = len(log.read_text().splitlines())
        while run.end is None:
            await anyio.sleep(0.003)
            now, lines = time.time(), log.read_text().splitlines()
            took_s += [now - float(line) for line in lines[n_seen:]]
            n_seen = len(lines)
    say("a line that is printed → the line is in the sweep's folder", spread(took_s), "100 ms")


# --- all of it -----------------------------------------------------------------------------------


@contextmanager
def running_cluster() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as name:
        cluster = RayCluster(Path(name))
        cluster.up()
        os.environ.update(cluster.environment)
        try:
            yield Path(name)
        finally:
            cluster.down()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100, help="how many short runs")
    options = parser.parse_args()
    with running_cluster() as top:
        say_machine()
        measure_throughput(top, options.runs)
        measure_loop_of_sweep(new_folder(top, "loop"), options.runs, "ray", N_SLOTS)
        anyio.run(measure_stops, new_folder(top, "stops"))
        anyio.run(measure_relay, new_folder(top, "relay"))
        anyio.run(measure_submission, new_folder(top, "submission"))
        anyio.run(measure_finding, new_folder(top, "finding"))


if __name__ == "__main__":
    main()
