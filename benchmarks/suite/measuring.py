"""Spreads, ratios and percentiles of measurements."""

import contextlib
import math
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Options:
    """How thoroughly to measure. `is_quick` uses small sizes, to see that everything works."""

    is_quick: bool = False
    with_peers: bool = True

    def pick(self, full: int, quick: int) -> int:
        return quick if self.is_quick else full


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum of `n` samples."""

    median: float
    minimum: float
    maximum: float
    n: int

    @staticmethod
    def of(samples: Sequence[float]) -> "Spread":
        return Spread(statistics.median(samples), min(samples), max(samples), len(samples))


@dataclass(frozen=True)
class Row:
    """One measured quantity.

    Attributes:
        ratio: to `yardstick`, pair by pair, measured in the same run.
        target: in words. `is_met` says whether it was reached (None without a target).
    """

    subject: str
    value: Spread
    unit: str
    ratio: Spread | None = None
    yardstick: str | None = None
    target: str | None = None
    is_met: bool | None = None


@dataclass
class Figure:
    """The result of one figure: what ran, in words, and its rows."""

    name: str
    title: str
    what_ran: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        subject: str,
        samples: Sequence[float] | float,
        unit: str,
        *,
        against: Sequence[float] | None = None,
        yardstick: str | None = None,
        at_most: float | None = None,
        at_least: float | None = None,
        of_ratio: bool = False,
    ) -> Row:
        """Add a row.

        Args:
            samples: one or several. The median counts.
            against: samples of the yardstick, one for each of ours, for the ratio.
            at_most, at_least: the target for the value, or for the ratio if `of_ratio`.
        """
        ours = [samples] if isinstance(samples, int | float) else list(samples)
        ratio = None
        if against is not None:
            ratio = Spread.of([a / b for a, b in zip(ours, against, strict=True) if b])
        value = Spread.of(ours)
        judged = ratio.median if of_ratio and ratio else value.median
        target, is_met = _judge(judged, at_most, at_least, "×" if of_ratio else unit)
        row = Row(subject, value, unit, ratio, yardstick, target, is_met)
        self.rows.append(row)
        return row


def _judge(
    value: float, at_most: float | None, at_least: float | None, unit: str
) -> tuple[str | None, bool | None]:
    if at_most is not None:
        return f"≤ {at_most:g} {unit}", value <= at_most
    if at_least is not None:
        return f"≥ {at_least:g} {unit}", value >= at_least
    return None, None


def in_turn(*measures: Callable[[], float], rounds: int) -> list[list[float]]:
    """Call each once in a round, A B A B …, after one round that is not counted.

    The speed of a machine drifts, but equally for all calls of a round.
    """
    for measure in measures:
        measure()
    samples: list[list[float]] = [[] for _ in measures]
    for _ in range(rounds):
        for measure, taken in zip(measures, samples, strict=True):
            taken.append(measure())
    return samples


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(percent / 100 * len(ordered)) - 1))]


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and of the children that it has waited for (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_A_SECOND


def cpu_ns(pid: int) -> int:
    """Return the CPU time in ns of the living threads of a process, not its children (Linux)."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)


def children_of(pid: int) -> list[int]:
    """Return the living children of a process (Linux)."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                found += [int(entry.name)] if int(fields[1]) == pid else []
    return found


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process in MB (10⁶ bytes, Linux)."""
    return _status_kb(pid, "VmRSS") * 1024 / 1e6


def peak_resident_mb(pid: int) -> float:
    """Return its highest resident memory so far, in MB."""
    return _status_kb(pid, "VmHWM") * 1024 / 1e6


def _status_kb(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise ValueError(f"/proc/{pid}/status has no {name}")
