"""All histograms of a name together: the same bins for all steps, and percentiles."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from ml_tracking_ops.logger.media.entries import HistogramEntry, MediaEntry
from ml_tracking_ops.logger.media.reading import histogram_of_entry

MOST_STEPS = 150
N_BINS = 64
PERCENTS = (0, 5, 25, 50, 75, 95, 100)


class HistogramStack(TypedDict):
    """Histograms of many steps in the same bins.

    Attributes:
        edges: of the bins, ascending.
        shares: of each step, the share of its values in each bin.
        percentiles: of each step, at `percents`, or null for one without a finite value.
        facts: of each step: number, minimum, maximum, mean, and how many were not finite.
        n_steps: how many there are. `steps` holds some of them, evenly, the last one among them.
    """

    steps: list[int]
    n_steps: int
    edges: list[float]
    shares: list[list[float]]
    percents: list[int]
    percentiles: list[list[float] | None]
    facts: list[dict[str, float | None]]


def stack(entries: list[MediaEntry]) -> HistogramStack:
    """The histograms of a name, of each step the last one."""
    last = list({entry.step: entry for entry in entries}.values())
    found = [(entry.step, one) for entry in _evenly(last) if (one := _read(entry)) is not None]
    filled = [one for _, one in found if one.counts]
    low = min((one.edges[0] for one in filled), default=0.0)
    high = max((one.edges[-1] for one in filled), default=1.0)
    edges = _edges(low, high)
    return {
        "steps": [step for step, _ in found],
        "n_steps": len(last),
        "edges": edges.tolist(),
        "shares": [_shares(one, edges).round(6).tolist() for _, one in found],
        "percents": list(PERCENTS),
        "percentiles": [_percentiles(one) for _, one in found],
        "facts": [_facts(one) for _, one in found],
    }


def _evenly(entries: list[MediaEntry]) -> list[MediaEntry]:
    if len(entries) <= MOST_STEPS:
        return entries
    places = np.linspace(0, len(entries) - 1, MOST_STEPS).round().astype(int)
    return [entries[place] for place in places]


def _read(entry: MediaEntry) -> HistogramEntry | None:
    try:
        return histogram_of_entry(entry)
    except OSError:
        return None


def _edges(low: float, high: float) -> NDArray[np.float64]:
    if not low < high:
        around = max(abs(low) / 2, 0.5)
        low, high = low - around, high + around
    places = np.arange(N_BINS + 1) / N_BINS
    return low * (1 - places) + high * places  # their difference may be more than a float holds


def _shares(one: HistogramEntry, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the values in each bin, as if those of a bin lay evenly in it."""
    if not one.counts:
        return np.zeros(len(edges) - 1)
    counts, own = np.array(one.counts), np.array(one.edges)
    total = counts.sum()
    if not total > 0:
        return np.zeros(len(edges) - 1)
    if not own[0] < own[-1]:
        place = min(np.searchsorted(edges, own[0], "right") - 1, len(edges) - 2)
        shares = np.zeros(len(edges) - 1)
        shares[max(place, 0)] = 1.0
        return shares
    reached = np.concatenate(([0.0], np.cumsum(counts) / total))
    return np.diff(np.interp(edges, own, reached, left=0.0, right=1.0))


def _percentiles(one: HistogramEntry) -> list[float] | None:
    counts = np.array(one.counts)
    if not one.counts or not counts.sum() > 0:
        return None
    below = np.concatenate(([0.0], np.cumsum(counts) / counts.sum()))
    below, first = np.unique(below, return_index=True)
    found = np.interp(np.array(PERCENTS) / 100, below, np.array(one.edges)[first])
    if one.minimum is not None and one.maximum is not None:
        found[0], found[-1] = one.minimum, one.maximum
        found = found.clip(one.minimum, one.maximum)
    return [float(value) for value in found]


def _facts(one: HistogramEntry) -> dict[str, float | None]:
    return {
        "number": one.number,
        "minimum": one.minimum,
        "maximum": one.maximum,
        "mean": one.mean,
        "n_not_finite": one.n_not_finite,
    }
