"""What a job of a batch system finds out about itself: its node, its GPUs, its memory, its time."""

import contextlib
import os
import platform
import subprocess
import time

_CGROUPS = "/sys/fs/cgroup"
_ASK_S = 5.0
_GPU_VARIABLES = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "CUDA_VISIBLE_DEVICES")


def job_id() -> str:
    return os.environ.get("SLURM_JOB_ID", "")


def job_facts() -> dict[str, object]:
    """Return the facts about the job that every line of the record has."""
    return {
        "job": job_id(),
        "node": os.environ.get("SLURMD_NODENAME") or platform.node(),
        "restart": int(os.environ.get("SLURM_RESTART_COUNT") or 0),
        "gpus": _gpus(),
    }


def _gpus() -> list[str]:
    for name in _GPU_VARIABLES:
        names = [one.strip() for one in os.environ.get(name, "").split(",")]
        if any(names):
            return [one for one in names if one]
    return []


def n_cpus() -> str | None:
    """Return how many CPUs the job has on this node, according to Slurm."""
    own = os.environ
    found = own.get("SLURM_CPUS_PER_TASK") or own.get("SLURM_CPUS_ON_NODE") or ""
    return found if found.isdecimal() else None


def is_signalled_alone() -> bool:
    """Return whether Slurm signals only this process: processes of a job are then in a control
    group."""
    return any(f"job_{job_id()}" in group.split("/") for group in _own_groups())


def _own_groups() -> list[str]:
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:  # noqa: PTH123
            return [line.strip() for line in file]
    except OSError:
        return []


def n_memory_kills(groups: list[str] | None = None, top: str = _CGROUPS) -> int | None:
    """Return how many processes the kernel has killed in a control group for lack of memory.

    In a job only the job's own group counts: others are counted in those above it.

    Args:
        groups: lines of `/proc/PID/cgroup`. Default: those of this process.
        top: where the groups are mounted.
    """
    for group in _own_groups() if groups is None else groups:
        _, controllers, path = [*group.split(":", 2), "", ""][:3]
        if not controllers:
            folder, name = top, "memory.events"
        elif "memory" in controllers.split(","):
            folder, name = f"{top}/memory", "memory.oom_control"
        else:
            continue
        if job_id() and f"job_{job_id()}" not in path.split("/"):
            continue
        # a container does not know the name of its group outside
        for place in (f"{folder}{path}", *([] if job_id() else [folder])):
            if (n_kills := _count_kills(f"{place}/{name}")) is not None:
                return n_kills
    return None


def _count_kills(path: str) -> int | None:
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:  # noqa: PTH123
        for line in file:
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return None


def job_seconds_left(ends_at: float | None) -> float | None:
    """Return how long the job may still run, or None if not known.

    Args:
        ends_at: if known: seconds since the epoch.
    """
    known = os.environ.get("SLURM_JOB_END_TIME", "")
    if known.isdecimal():
        ends_at = float(known)
    if ends_at is not None:
        return ends_at - time.time()
    answer = _ask_slurm("squeue", "--noheader", "--jobs", job_id(), "--format", "%L")
    return None if answer is None else seconds_in(answer.strip())


def is_preempted() -> bool | None:
    """Return whether the job makes room for another one, or None if Slurm does not report it."""
    answer = _ask_slurm("scontrol", "show", "job", job_id()) or ""
    times = [word.partition("=")[2] for word in answer.split() if word.startswith("PreemptTime=")]
    return times[0] not in ("None", "Unknown", "N/A") if times else None


def _ask_slurm(*command: str) -> str | None:
    """Return the output of a command, or None if it fails or takes long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_ASK_S, check=True, env=os.environ
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def seconds_in(text: str) -> float | None:
    """Return the seconds of a time as Slurm writes it: minutes, `M:S`, `H:M:S`, `D-H`, `D-H:M`,
    `D-H:M:S`.

    None if it is no time, as `UNLIMITED`.
    """
    days, dash, rest = text.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdecimal() for part in parts) or (dash and not days.isdecimal()):
        return None
    numbers = [int(part) for part in parts]
    if dash:
        if len(numbers) > 3:
            return None
        hours, minutes, seconds = [*numbers, 0, 0][:3]
        return float(int(days) * 86400 + hours * 3600 + minutes * 60 + seconds)
    if len(numbers) == 1:
        return numbers[0] * 60.0
    if len(numbers) == 2:
        return numbers[0] * 60.0 + numbers[1]
    return numbers[0] * 3600.0 + numbers[1] * 60 + numbers[2] if len(numbers) == 3 else None
