"""Sample the resources that runs use, into a log for each beside its own."""

import time

from .. import paths
from .gpus import GpuReader
from .processes import ProcessTrees

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from .processes import ProcessUsage

    class Log(Protocol):
        """The log for samples. `ExperimentLogger` is one."""

        def add_scalars(self, values: Mapping[str, float], step: int) -> None: ...

        def close(self) -> None: ...


SAMPLE_EVERY_S = 5.0
_BYTES_PER_MB = 1e6


def system_path(dat_path: str) -> str:
    """Return the log of a run's system metrics, by the run's own."""
    return dat_path.removesuffix(paths.DAT_SUFFIX) + paths.SYSTEM_SUFFIX


class SystemSampler:
    """Samples some runs together, each by the number of its first process.

    `system/cpu` is in percent of one core, `system/memory` in MB (resident, summed over the
    processes), `system/gpu/0/…` of the first GPU of the run: utilization in percent, memory in MB,
    power in watts, temperature in degrees Celsius. A step is a second of the run.

    Args:
        open_log: opens a log, given its path: `ExperimentLogger.at`.
    """

    def __init__(self, open_log: "Callable[[str], Log]") -> None:
        self._open_log = open_log
        self.gpus = GpuReader()
        self._trees = ProcessTrees()
        self._runs: dict[int, _SampledRun] = {}

    def __contains__(self, pid: object) -> bool:
        return pid in self._runs

    @property
    def pids(self) -> list[int]:
        """The runs being sampled."""
        return list(self._runs)

    def add(self, pid: int, dat_path: str, started_at: float, gpus: "tuple[str, ...]" = ()) -> None:
        """Sample a run from now on.

        Args:
            dat_path: its own log.
            started_at: when it was started, in seconds since the epoch.
            gpus: those it uses, by index or UUID.
        """
        self._runs[pid] = _SampledRun(self._open_log, system_path(dat_path), started_at, gpus)
        self._trees.forget()

    def remove(self, pid: int) -> None:
        """Stop sampling a run."""
        run = self._runs.pop(pid, None)
        if run is not None:
            run.close()

    def sample(self) -> None:
        """Take one sample of every run."""
        self.gpus.begin()
        trees = self._trees.look(self._runs) if self._runs else {}
        now = time.time()
        for pid, run in list(self._runs.items()):
            if trees.get(pid):
                run.sample(trees[pid], now, self.gpus)

    def close(self) -> None:
        for pid in self.pids:
            self.remove(pid)
        self.gpus.close()


class _SampledRun:
    def __init__(
        self,
        open_log: "Callable[[str], Log]",
        path: str,
        started_at: float,
        gpus: "tuple[str, ...]",
    ) -> None:
        self._open_log = open_log
        self._path = path
        self._started_at = started_at
        self._gpus = gpus
        self._logger: Log | None = None
        self._cpu_s: dict[int, float] = {}
        self._sampled_at = started_at

    def sample(self, tree: "dict[int, ProcessUsage]", now: float, gpus: GpuReader) -> None:
        values = {"system/memory": sum(one.resident_bytes for one in tree.values()) / _BYTES_PER_MB}
        used_s = sum(one.cpu_s - self._cpu_s.get(pid, 0.0) for pid, one in tree.items())
        passed_s = now - self._sampled_at
        if passed_s > 0:
            values["system/cpu"] = max(0.0, used_s / passed_s * 100)
        self._cpu_s = {pid: one.cpu_s for pid, one in tree.items()}
        self._sampled_at = now
        for position, name in enumerate(self._gpus):
            for metric, value in gpus.values(name).items():
                values[f"system/gpu/{position}/{metric}"] = value
        if self._logger is None:
            self._logger = self._open_log(self._path)
        self._logger.add_scalars(values, max(0, round(now - self._started_at)))

    def close(self) -> None:
        if self._logger is not None:
            self._logger.close()
