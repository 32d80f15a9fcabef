"""Open files, memory and threads of all our processes over a long time, compressed.

    python benchmarks/soak.py runs [N_RUNS]    2,000 short runs in one sweep, with 20 streams open
    python benchmarks/soak.py hours [TIMES]    6 hours of 8 runs that log 5 metrics once a second,
                                               replayed 100 times as fast, with 20 streams open
    python benchmarks/soak.py day [TIMES]      a day of a sweep of 8 such runs with a stopping rule,
                                               replayed 400 times as fast, with its dashboard

Each prints a table. Nothing should grow with the number of runs or events, except what is shown of
them: the page of a sweep lists its runs.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from suite.peers import WORKERS
from suite.scratch import scratch
from suite.server import COMMAND, serving

N_STREAMS = 20
N_RUNS, N_METRICS, SECONDS = 8, 5, 6 * 3600
SCRIPT = """
from ml_tracking_ops.experiment.logger import ExperimentLogger
with ExperimentLogger() as writer:
    for step in range(50):
        writer.add_scalar("Accuracy", step, step)
"""
CONFIG = {
    "main_script_name": "train.py",
    "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
    "early_stopping": True,
    "early_stopping_patience": 100,
    "optimization_metric": "Accuracy",
    "optimization_goal": "max",
}


DAY_S = 24 * 3600
DAY_SCRIPT = f"""
import time
from ml_tracking_ops.experiment.logger import ExperimentLogger
NAMES = ["Accuracy", *(f"metric {{number}}" for number in range(1, {N_METRICS}))]
with ExperimentLogger() as writer:
    began = time.monotonic()
    for step in range({DAY_S}):
        ahead_s = began + step / TIMES - time.monotonic()
        if ahead_s > 0.001:
            time.sleep(ahead_s)
        writer.add_scalars(dict.fromkeys(NAMES, step / {DAY_S}), step)
"""


def soak_runs(n_runs: int) -> None:
    """Run one sweep with its dashboard, which streams follow from beginning to end."""
    with sweeping(SCRIPT, n_runs, "2") as (sweep, journal):
        watch(
            processes_of(sweep.pid),
            lambda: count_ended(journal),
            n_runs,
            "runs",
            lambda: sweep.poll() is None,
        )


def soak_day(times: float) -> None:
    """Replay the events of a day of a sweep whose rule looks at every value."""
    script = DAY_SCRIPT.replace("TIMES", f"{times!r}")
    with sweeping(script, N_RUNS, str(N_RUNS)) as (sweep, journal):
        folder = journal.parent
        watch(
            processes_of(sweep.pid),
            lambda: sum(log.stat().st_size for log in folder.glob("*_????.dat")) // 32,
            N_RUNS * N_METRICS * DAY_S,
            "values",
            lambda: sweep.poll() is None,
        )


@contextmanager
def sweeping(
    script: str, n_runs: int, n_workers: str
) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """Run a sweep with its dashboard and streams of its page. Yield its process and journal."""
    with scratch() as folder:
        (folder / "train.py").write_text(script)
        (folder / "experiment_cfg.json").write_text(json.dumps({**CONFIG, "max_runs": n_runs}))
        output = folder / "output"
        with output.open("w") as file:
            sweep = subprocess.Popen(
                [COMMAND, "sweep", "--workers", n_workers, "--web", "--port", "0"],
                cwd=folder,
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
            )
        while not (
            (found := re.search(r"http://\S+", output.read_text()))
            and (journals := list(folder.glob("runs/*/journal.jsonl")))
        ):
            if sweep.poll() is not None:
                sys.exit(output.read_text())
            time.sleep(0.1)
        query = f"catalog=0&sweep={journals[0].parent.name}:0"
        with streams(found[0].rstrip("/"), query):
            yield sweep, journals[0]
        print(output.read_text()[-300:])


def soak_hours(times: float) -> None:
    """Replay the events of six hours many times as fast."""
    with scratch() as folder:
        logdir = folder / "runs"
        arguments = [logdir, N_RUNS, N_METRICS, times, SECONDS / times]
        writer = subprocess.Popen(
            [sys.executable, WORKERS / "log_at_pace.py", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdout.readline()
        query = "&".join(["catalog=0", *(f"run=run_{n:03d}:0" for n in range(N_RUNS))])
        with serving(logdir) as server, streams(server.address, query):
            writer.stdin.write("go\n")
            writer.stdin.flush()
            logs = [path / f"{path.name}.dat" for path in logdir.iterdir()]
            processes = {"web": server.pid, "logger": writer.pid}
            n_values = N_RUNS * N_METRICS * SECONDS
            watch(
                processes,
                lambda: sum(log.stat().st_size for log in logs) // 32,
                n_values,
                "values",
                lambda: writer.poll() is None,
            )
        writer.communicate()


@contextmanager
def streams(address: str, query: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, WORKERS / "drain_streams.py", address, str(N_STREAMS), query],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield
    finally:
        print(f"{N_STREAMS} streams: {process.communicate()[0].strip()}")


def watch(
    processes: dict[str, int],
    count: Callable[[], int],
    n_in_all: int,
    unit: str,
    is_going_on: Callable[[], bool],
) -> None:
    """Print the figures of the processes at the beginning and after every eighth."""
    print(f"| {unit} | seconds | " + " | ".join(processes) + " |")
    print("| --- " * (2 + len(processes)) + "|", flush=True)
    began, shown = time.monotonic(), 0
    while is_going_on():
        n_done = count()
        if n_done >= shown:
            all_figures = " | ".join(figures(pid) for pid in processes.values())
            print(f"| {n_done} | {time.monotonic() - began:.0f} | {all_figures} |", flush=True)
            shown += max(1, n_in_all // 8)
        time.sleep(0.2)


def count_ended(journal: Path) -> int:
    return journal.read_bytes().count(b'"event": "ended"')


def processes_of(sweep: int) -> dict[str, int]:
    """Return the process of the sweep and its children, by name."""
    found = {"orchestrator": sweep}
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            arguments = (entry / "cmdline").read_text()
        except (OSError, IndexError):
            continue
        if parent == str(sweep):
            found["supervisor" if "supervision" in arguments else "web"] = int(entry.name)
    return found


def figures(pid: int) -> str:
    try:
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        n_files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    except OSError:
        return "is gone"
    memory_mb = int(status.get("VmRSS", "0 kB").split()[0]) / 1024
    return f"{n_files} files, {memory_mb:.1f} MB, {status['Threads'].strip()} threads"


if __name__ == "__main__":
    what, number = (*sys.argv[1:], None, None)[:2]
    if what == "runs":
        soak_runs(int(number or 2_000))
    elif what == "day":
        soak_day(float(number or 400))
    elif what == "hours":
        soak_hours(float(number or 100))
    else:
        sys.exit(__doc__)
