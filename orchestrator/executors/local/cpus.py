"""The usable CPUs of this machine, and each run's fair share of them."""

import math
from collections.abc import Mapping
from pathlib import Path

from ...supervision.os_processes import n_cpus_allowed
from ..thread_variables import THREAD_VARIABLES


def usable_cpus(cgroup_root: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many CPUs this process may use: its affinity, and its cgroup's quota (v2 and
    v1)."""
    n_cpus = n_cpus_allowed()
    quota = _cgroup_quota(cgroup_root, _own_cgroup())
    return n_cpus if quota is None else max(1, min(n_cpus, math.floor(quota + 0.01)))


def _own_cgroup() -> str:
    """Return this process's cgroup v2 path, relative to the root of the hierarchy."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line[3:].strip("/") for line in lines if line.startswith("0::")), "")


def _cgroup_quota(root: Path, own: str) -> float | None:
    """Return the smallest CPU quota among this cgroup and its ancestors, in CPUs."""
    folders = [root / own, *(root / own).parents] if own else [root]
    quotas = [
        quota
        for folder in folders
        if folder == root or root in folder.parents
        if (quota := _quota_v2(folder / "cpu.max")) is not None
    ]
    quota_v1 = _quota_v1(root / "cpu")
    return min([*quotas, *([] if quota_v1 is None else [quota_v1])], default=None)


def _quota_v2(path: Path) -> float | None:
    try:
        quota, period = path.read_text(encoding="utf-8").split()[:2]
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="utf-8"))
        period = int((folder / "cpu.cfs_period_us").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return quota / period if quota > 0 and period > 0 else None


def thread_limits(environment: Mapping[str, str], n_cpus: int, n_workers: int) -> dict[str, str]:
    """Return each run's fair share of CPU threads, for libraries that otherwise take every core.

    Variables that the user set are kept.
    """
    share = str(max(1, n_cpus // n_workers))
    return {name: share for name in THREAD_VARIABLES if name not in environment}
