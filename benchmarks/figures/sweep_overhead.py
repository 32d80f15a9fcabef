"""Figure 5: the time that the orchestrator adds to runs that do nothing."""

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from suite.measuring import Figure, Options
from suite.peers import WORKERS, PeerMissingError, python_of, run_worker
from suite.scratch import scratch
from suite.sweeps import read_journal, write_config

N_WORKERS = 2
_IMPORTS = ("anyio", "asyncio", "pydantic")
"""What any version of this orchestrator imports."""


def measure(options: Options) -> Figure:
    n_runs = options.pick(200, 30)
    figure = Figure(
        "overhead",
        "5 · sweep overhead",
        f"{n_runs} runs of an empty Python script, {N_WORKERS} workers; whole commands, in turn "
        f"with xargs -P {N_WORKERS} and the same command line",
    )
    sweeps, theirs, their_cpu, loops, importing = [], [], [], [], []
    for index in range(options.pick(6, 2) + 1):
        (bare_s, bare_cpu_s), sweep = _xargs(n_runs), _sweep(n_runs)
        loop_s, importing_s = _loop_s(n_runs), _loop_s(n_runs, *_IMPORTS)
        if index:  # the first round is not counted
            theirs.append(bare_s)
            their_cpu.append(bare_cpu_s)
            sweeps.append(sweep)
            loops.append(loop_s)
            importing.append(importing_s)
    ours, cpu, firsts, rests = (
        [getattr(one, name) for one in sweeps] for name in ("wall_s", "cpu_s", "first_s", "rest_s")
    )
    figure.add(
        "wall, the whole command",
        ours,
        "s",
        against=theirs,
        yardstick="xargs",
        at_most=1.10,
        of_ratio=True,
    )
    figure.add("xargs -P 2", theirs, "s")
    _add_loops(figure, loops, importing, theirs)
    between = [one.wall_s - one.first_s - one.rest_s for one in sweeps]
    figure.add(
        "… from the first run's start to the last one's end",
        between,
        "s",
        against=theirs,
        yardstick="xargs",
    )
    figure.add(
        "CPU of all processes together",
        [one.all_cpu_s for one in sweeps],
        "s",
        against=their_cpu,
        yardstick="xargs",
    )
    if options.with_peers:
        _optuna(figure, n_runs, options)
    figure.add("first run started after the command", firsts, "s", at_most=0.4)
    figure.add("from the last run's end to the end of the command", rests, "s")
    marginal = [(whole - few) / n_runs * 1e3 for whole, few in zip(cpu, _few(cpu), strict=True)]
    figure.add("CPU of the orchestrator a run, start and end left out", marginal, "ms", at_most=3)
    figure.add("… start and end included", [one / n_runs * 1e3 for one in cpu], "ms")
    return figure


def _add_loops(
    figure: Figure, loops: list[float], importing: list[float], theirs: list[float]
) -> None:
    loop = "a loop that only makes a folder and four records for each run"
    figure.add(loop, loops, "s", against=theirs, yardstick="xargs")
    figure.add(
        f"… after importing {', '.join(_IMPORTS)}",
        importing,
        "s",
        against=theirs,
        yardstick="xargs",
    )


def _few(like: list[float]) -> list[float]:
    """Return the CPU seconds of the command with a single run: its start and its end."""
    return [_sweep(1).cpu_s for _ in like]


@dataclass(frozen=True)
class _Sweep:
    """Seconds of a command: wall time, its own CPU time, CPU time with its supervisor and all runs,
    the time until its first run started, and the time after its last run ended."""

    wall_s: float
    cpu_s: float
    all_cpu_s: float
    first_s: float
    rest_s: float


def _sweep(n_runs: int) -> _Sweep:
    with scratch() as folder:
        config = write_config(folder, "nothing", n_runs)
        command = [
            Path(sys.executable).parent / "ml-tracking-ops",
            "sweep",
            config,
            f"--logdir={folder / 'runs'}",
            f"--workers={N_WORKERS}",
        ]
        began, began_at, before_s = time.perf_counter(), time.time(), _children_cpu_s()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cpu_s = _own_cpu_until_end_s(process.pid)
        wall_s = time.perf_counter() - began
        assert process.wait() == 0, f"the sweep ended with {process.returncode}"
        all_cpu_s = _children_cpu_s() - before_s
        journal = read_journal(folder / "runs")
        first_s, last_s = (
            pick(one["time"] for one in journal if one["event"] == event) - began_at
            for pick, event in ((min, "started"), (max, "ended"))
        )
        return _Sweep(wall_s, cpu_s, all_cpu_s, first_s, wall_s - last_s)


def _own_cpu_until_end_s(pid: int) -> float:
    """Return the CPU seconds of a child, without its own children, before it is waited for."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children_cpu_s() -> float:
    """Return the CPU seconds of all child processes that were waited for, with their children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _xargs(n_runs: int) -> tuple[float, float]:
    """Return the seconds of xargs: wall time, and CPU time with all runs."""
    with scratch() as folder:
        write_config(folder, "nothing", n_runs)
        command = [
            "xargs",
            "-P",
            str(N_WORKERS),
            "-I{}",
            sys.executable,
            "nothing.py",
            f"--logdir={folder}",
            "--x={}",
        ]
        numbers = "\n".join(map(str, range(n_runs)))
        began, before_s = time.perf_counter(), _children_cpu_s()
        subprocess.run(command, input=numbers, text=True, cwd=folder, check=True)
        return time.perf_counter() - began, _children_cpu_s() - before_s


def _loop_s(n_runs: int, *modules: str) -> float:
    """Return the seconds of `workers/bare_loop.py`, the whole command."""
    with scratch() as folder:
        write_config(folder, "nothing", n_runs)
        worker = WORKERS / "bare_loop.py"
        command = [sys.executable, worker, sys.executable, str(n_runs), str(N_WORKERS), *modules]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True)
        return time.perf_counter() - began


def _optuna(figure: Figure, n_runs: int, options: Options) -> None:
    for storage in ("memory", "sqlite"):
        try:
            found = []
            for _ in range(options.pick(2, 1)):
                with scratch() as folder:
                    answer = run_worker(
                        python_of("optuna"), "optuna_sweep", storage, folder, n_runs, sys.executable
                    )
                    found.append((answer["seconds"], _xargs(n_runs)[0]))
            theirs, bare = zip(*found, strict=True)
            what = f"Optuna, {storage}, a process a trial"
            figure.add(what, theirs, "s", against=bare, yardstick="xargs")
        except PeerMissingError as error:
            figure.notes.append(f"left out: optuna {storage}: {error}")
