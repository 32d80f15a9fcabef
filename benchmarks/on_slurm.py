"""Sweeps on Slurm beside plain `sbatch`, on a cluster of two virtual nodes on this machine.

    python benchmarks/on_slurm.py [--jobs N] [--runs N]

Needs what `scripts/test-clusters` installs. It prints one line for each figure, with the target.
The cluster, the orchestrator and the runs share this machine's cores.
"""

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
from engines.event_loop import LoopMeter, idle_loop_beside, report
from engines.sweeps import (
    LIMIT_S,
    N_STOPS,
    SHORT_S,
    TRAIN,
    command,
    measure_loop_of_sweep,
    new_folder,
    say,
    say_machine,
    spread,
    sweep_of_short_runs,
)

sys.path.append(str(Path(__file__).parents[1] / "tests" / "clusters"))
sys.path.append(str(Path(__file__).parents[1] / "tests" / "support" / "clusters"))

from shared_folder import shared_folder
from slurm_cluster import SlurmCluster

from ml_tracking_ops.orchestrator.executors.base import RecordedRun, RunHandle
from ml_tracking_ops.orchestrator.executors.slurm.client import SlurmClient
from ml_tracking_ops.orchestrator.executors.slurm.executor import SlurmExecutor
from ml_tracking_ops.orchestrator.executors.slurm.settings import SlurmSettings

IN_FLIGHT = 8
STOPPED = """
import signal, sys, time
def stop(number, frame):
    open(sys.argv[1], "w").write(repr(time.time()))
    raise SystemExit(0)
signal.signal(signal.SIGTERM, stop)
open(sys.argv[1] + ".ready", "w").close()
time.sleep(600)
"""


class CountedClient(SlurmClient):
    """Counts the calls of `squeue`."""

    n_queries = 0

    def jobs(self, name: str | None = None):  # type: ignore[no-untyped-def]
        self.n_queries += 1
        return super().jobs(name)


def executor(client: SlurmClient, n_jobs: int) -> SlurmExecutor:
    settings = SlurmSettings(time=60)
    return SlurmExecutor(settings, n_jobs, stop_signal="SIGTERM", grace_s=5, client=client)


# --- submission, resumption, polling: with jobs that only wait -----------------------------------


async def measure_queue(client: CountedClient, folder: Path, n_jobs: int, watch_s: float) -> None:
    names = [f"2026-11-29_10-00-00_{index:04d}" for index in range(n_jobs)]
    handles: dict[str, RunHandle] = {}
    async with executor(client, n_jobs) as engine:

        async def submit(name: str) -> None:
            handles[name] = await engine.submit(command(folder, name, "true"), engine.slots[0])

        gc.freeze()  # as the command does
        with idle_loop_beside() as idle, LoopMeter() as meter:
            began = time.perf_counter()
            async with anyio.create_task_group() as submissions:
                for name in names:
                    submissions.start_soon(submit, name)
            total_s = time.perf_counter() - began
        say(f"{n_jobs} submissions", f"{total_s:.1f} s", "10 s for 1,000")
        say("a submission", f"{total_s / n_jobs * 1000:.1f} ms", "15 ms")
        for line in report(meter.result(), idle):
            say(*line)
        n_before = client.n_queries
        await anyio.sleep(watch_s)
        n = client.n_queries - n_before
        say(f"squeue calls in {watch_s:.0f} s with {n_jobs} queued", str(n), "4 a minute")
    began = time.perf_counter()
    client.jobs()
    say(f"one squeue with {n_jobs} queued", f"{(time.perf_counter() - began) * 1000:.0f} ms", "–")
    async with executor(client, n_jobs) as engine:
        known = [RecordedRun(name, handles[name].ref, None, None) for name in names]
        n_before, began = client.n_queries, time.perf_counter()
        found = await engine.find(folder, known)
        took = f"{time.perf_counter() - began:.2f} s, {client.n_queries - n_before} squeue"
        assert all(one.standing == "waiting" for one in found.values())
        say(f"finding {n_jobs} runs again", took, "1 s, 1 squeue")


# --- stopping and ending -------------------------------------------------------------------------


async def measure_stops(client: SlurmClient, folder: Path, server: Path, kind: str) -> None:
    """
    Args:
        server: the same folder without the caches that a network file system has.
        kind: of the file system.
    """
    to_signal_s, to_known_s = [], []
    async with executor(client, 1) as engine:
        for index in range(N_STOPS):
            name = f"2026-11-29_11-00-00_{index:04d}"
            mark = folder / f"{name}.at"
            wanted = command(folder, name, sys.executable, "-c", STOPPED, str(mark))
            handle = await engine.submit(wanted, engine.slots[0])
            with anyio.fail_after(LIMIT_S):
                await handle.wait_started(lambda reason: None)
                while not (server / f"{name}.at.ready").exists():  # noqa: ASYNC110
                    await anyio.sleep(0.01)
                await anyio.sleep(0.2 + index / N_STOPS)  # at any time between two looks
                async with anyio.create_task_group() as tasks:
                    decided_at = time.time()
                    tasks.start_soon(handle.stop, 5)
                    end = await handle.wait()
                    known_at = time.time()
            to_signal_s.append(float((server / mark.name).read_text()) - decided_at)
            assert end.at is not None
            to_known_s.append(known_at - end.at)
    say("decision → SIGTERM in the training, median (most)", spread(to_signal_s), "60 ms")
    target = "50 ms" if kind == "local" else "1.5 s"
    say(f"end → recorded, {kind} file system, median (most)", spread(to_known_s), target)


# --- throughput ----------------------------------------------------------------------------------


def plain_runs_a_second(cluster: SlurmCluster, folder: Path, n_runs: int) -> float:
    """Measure plain `sbatch` with as many jobs at once. Each job reports its end by a file."""
    script = f"#!/bin/sh\n{sys.executable} -c '{TRAIN}'\ntouch done-$SLURM_JOB_ID\n"
    folder.mkdir()
    began, n_submitted = time.perf_counter(), 0
    while (n_done := len(list(folder.glob("done-*")))) < n_runs:
        if n_submitted < n_runs and n_submitted - n_done < IN_FLIGHT:
            options = ["--parsable", f"--chdir={folder}", "--output=/dev/null"]
            cluster.command("sbatch", *options, stdin=script)
            n_submitted += 1
        else:
            time.sleep(0.01)
    return n_runs / (time.perf_counter() - began)


def measure_throughput(cluster: SlurmCluster, top: Path, n_runs: int) -> None:
    plain = plain_runs_a_second(cluster, top / "plain", n_runs)
    moments = sweep_of_short_runs(new_folder(top, "ours"), n_runs, "slurm", IN_FLIGHT)
    ours = n_runs / (moments.ended_at - moments.asked_at)
    said = f"{ours:.2f} / {plain:.2f} = {ours / plain:.2f}"
    say(f"{SHORT_S} s runs a second, {IN_FLIGHT} in flight: sweep / plain sbatch", said, "0.9")


# --- all of it -----------------------------------------------------------------------------------


@contextmanager
def running_cluster(on_a_node: tuple[str, ...] = ()) -> Iterator[tuple[SlurmCluster, Path]]:
    with tempfile.TemporaryDirectory(prefix="slurm-test-") as name:
        top = Path(name)
        cluster = SlurmCluster(top / "c", on_a_node=on_a_node)
        cluster.up()
        os.environ.update(cluster.environment)
        try:
            yield cluster, top
        finally:
            cluster.down()


def measure_on_a_network_file_system() -> None:
    """A folder of which each node and the sweep have mounts of their own, with caches of 3 s."""
    with (
        tempfile.TemporaryDirectory(prefix="slurm-test-") as name,
        shared_folder(Path(name)) as shared,
    ):
        if not shared.has_caches:
            say("end → recorded, network file system", "no bindfs here", "1.5 s")
            return
        with running_cluster(shared.on_a_node):
            anyio.run(measure_stops, SlurmClient(), shared.path, shared.server, "network")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1000, help="how many wait in the queue")
    parser.add_argument("--runs", type=int, default=60, help="how many short runs")
    parser.add_argument("--watch", type=float, default=60, help="seconds to count squeue calls")
    options = parser.parse_args()
    say_machine()
    with running_cluster() as (cluster, top):
        measure_throughput(cluster, top, options.runs)
        measure_loop_of_sweep(new_folder(top, "loop"), options.runs, "slurm", IN_FLIGHT)
        client = CountedClient()
        stops = new_folder(top, "stops")
        anyio.run(measure_stops, client, stops, stops, "local")
        cluster.occupy()
        queue = new_folder(top, "queue")
        anyio.run(measure_queue, client, queue, options.jobs, options.watch)
    measure_on_a_network_file_system()


if __name__ == "__main__":
    main()
