"""Sweeps on Slurm beside plain `sbatch`, on a cluster of two virtual nodes on this machine.

    python benchmarks/slurm.py [--jobs N] [--runs N]

Needs what `scripts/test-clusters` installs. It prints one line a figure: what was measured, and the
target. The cluster, the orchestrator and the runs share this machine's cores.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

sys.path.append(str(Path(__file__).parents[1] / "tests" / "clusters"))
sys.path.append(str(Path(__file__).parents[1] / "tests" / "support" / "clusters"))

from slurm_cluster import SlurmCluster

from ml_tracking_ops.orchestrator.executors.base import RecordedRun, RunCommand, RunHandle
from ml_tracking_ops.orchestrator.executors.slurm.client import SlurmClient
from ml_tracking_ops.orchestrator.executors.slurm.executor import SlurmExecutor
from ml_tracking_ops.orchestrator.executors.slurm.settings import SlurmSettings
from ml_tracking_ops.orchestrator.store.journal import JournalTail

IN_FLIGHT = 8
SHORT_S = 0.2
N_STOPS = 20
LIMIT_S = 600
TICK_S = 0.005
STOPPED = """
import signal, sys, time
def stop(number, frame):
    open(sys.argv[1], "w").write(repr(time.time()))
    raise SystemExit(0)
signal.signal(signal.SIGTERM, stop)
open(sys.argv[1] + ".ready", "w").close()
time.sleep(600)
"""
TRAIN = f"import time; time.sleep({SHORT_S})"


class CountedClient(SlurmClient):
    """Counts the calls of `squeue`."""

    n_queries = 0

    def jobs(self, name: str | None = None):  # type: ignore[no-untyped-def]
        self.n_queries += 1
        return super().jobs(name)


def executor(client: SlurmClient, n_jobs: int) -> SlurmExecutor:
    settings = SlurmSettings(time=60)
    return SlurmExecutor(settings, n_jobs, stop_signal="SIGTERM", grace_s=5, client=client)


def command(folder: Path, name: str, *arguments: str) -> RunCommand:
    return RunCommand(
        arguments,
        folder,
        {"MARK": name},
        folder / f"{name}.log",
        marker="MARK",
        tag={"name": name, "index": 1, "attempt": 1, "slot": 0},
    )


def say(what: str, value: str, target: str) -> None:
    print(f"{what:58} {value:>24}   target {target}", flush=True)


# --- submission, resumption, polling: with jobs that only wait -----------------------------------


async def measure_queue(client: CountedClient, folder: Path, n_jobs: int, watch_s: float) -> None:
    blocked_s = [0.0]

    async def tick() -> None:
        while True:
            began = time.perf_counter()
            await anyio.sleep(TICK_S)
            blocked_s.append(time.perf_counter() - began - TICK_S)

    names = [f"2026-11-29_10-00-00_{index:04d}" for index in range(n_jobs)]
    took_s: list[float] = []
    handles: dict[str, RunHandle] = {}
    async with executor(client, n_jobs) as engine:

        async def submit(name: str) -> None:
            began = time.perf_counter()
            handles[name] = await engine.submit(command(folder, name, "true"), engine.slots[0])
            took_s.append(time.perf_counter() - began)

        began = time.perf_counter()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            async with anyio.create_task_group() as submissions:
                for name in names:
                    submissions.start_soon(submit, name)
            tasks.cancel_scope.cancel()
        total_s = time.perf_counter() - began
        say(f"{n_jobs} submissions", f"{total_s:.1f} s", "10 s for 1,000")
        say("a submission", f"{total_s / n_jobs * 1000:.1f} ms", "15 ms")
        blocked = sorted(blocked_s)
        p99 = blocked[int(len(blocked) * 0.99)]
        said = f"{p99 * 1000:.0f}, most {blocked[-1] * 1000:.0f} ms"
        say("event loop late meanwhile, 99th percentile", said, "0 ms")
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


async def measure_stops(client: SlurmClient, folder: Path) -> None:
    to_signal_s, to_known_s = [], []
    async with executor(client, 1) as engine:
        for index in range(N_STOPS):
            name = f"2026-11-29_11-00-00_{index:04d}"
            mark = folder / f"{name}.at"
            wanted = command(folder, name, sys.executable, "-c", STOPPED, str(mark))
            handle = await engine.submit(wanted, engine.slots[0])
            with anyio.fail_after(LIMIT_S):
                await handle.wait_started(lambda reason: None)
                while not Path(f"{mark}.ready").exists():  # noqa: ASYNC110
                    await anyio.sleep(0.01)
                await anyio.sleep(0.2)
                async with anyio.create_task_group() as tasks:
                    decided_at = time.time()
                    tasks.start_soon(handle.stop, 5)
                    end = await handle.wait()
                    known_at = time.time()
            to_signal_s.append(float(mark.read_text()) - decided_at)
            assert end.at is not None
            to_known_s.append(known_at - end.at)
    say("decision → SIGTERM in the training, median (most)", spread(to_signal_s), "60 ms")
    say("end → recorded, local file system, median (most)", spread(to_known_s), "50 ms")


def spread(values_s: list[float]) -> str:
    return f"{statistics.median(values_s) * 1000:.0f} ({max(values_s) * 1000:.0f}) ms"


# --- throughput ----------------------------------------------------------------------------------


def plain_runs_a_second(cluster: SlurmCluster, folder: Path, n_runs: int) -> float:
    """Plain `sbatch`, with as many jobs in flight; each says by a file that it is over."""
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


def sweep_runs_a_second(cluster: SlurmCluster, folder: Path, n_runs: int) -> float:
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    config = {
        "main_script_name": "train.py",
        "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
        "max_runs": n_runs,
        "early_stopping": False,
        "executor": {"type": "slurm", "max_jobs": IN_FLIGHT},
    }
    (folder / "experiment_cfg.json").write_text(json.dumps(config))
    program = [sys.executable, "-m", "ml_tracking_ops.orchestrator.cli", "sweep"]
    subprocess.run(
        program,
        cwd=folder,
        env=cluster.environment,
        check=True,
        capture_output=True,
        timeout=LIMIT_S,
    )
    (journal,) = folder.glob("runs/*/journal.jsonl")
    events = JournalTail(journal).read()
    return n_runs / (events[-1]["time"] - events[0]["time"])


# --- all of it -----------------------------------------------------------------------------------


@contextmanager
def running_cluster() -> Iterator[tuple[SlurmCluster, Path]]:
    with tempfile.TemporaryDirectory(prefix="slurm-test-") as name:
        top = Path(name)
        cluster = SlurmCluster(top / "c")
        cluster.up()
        os.environ.update(cluster.environment)
        try:
            yield cluster, top
        finally:
            cluster.down()


def in_new_folder(top: Path, name: str, work: Callable[[Path], object]) -> None:
    folder = top / name
    folder.mkdir()
    work(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1000, help="how many wait in the queue")
    parser.add_argument("--runs", type=int, default=60, help="how many short runs")
    parser.add_argument("--watch", type=float, default=60, help="seconds to count squeue calls")
    options = parser.parse_args()
    loads = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{os.cpu_count()} cores, load {loads}")
    with running_cluster() as (cluster, top):
        plain = plain_runs_a_second(cluster, top / "plain", options.runs)
        ours = sweep_runs_a_second(cluster, top / "ours", options.runs)
        said = f"{ours:.2f} / {plain:.2f} = {ours / plain:.2f}"
        say(f"{SHORT_S} s runs a second, {IN_FLIGHT} in flight: sweep / plain sbatch", said, "0.9")
        client = CountedClient()
        in_new_folder(top, "stops", lambda folder: anyio.run(measure_stops, client, folder))
        cluster.occupy()
        in_new_folder(
            top,
            "queue",
            lambda folder: anyio.run(measure_queue, client, folder, options.jobs, options.watch),
        )


if __name__ == "__main__":
    main()
