"""All histograms of a name together: the same bins for all steps, and percentiles."""

from collections import Counter
from collections.abc import Mapping
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
        shares: for each step, the share of its values in each bin.
        percentiles: for each step, at `percents`, or null for one without a finite value.
        facts: for each step: number, minimum, maximum, mean, and how many were not finite.
        n_steps: how many there are. `steps` holds some of them, evenly, including the last one.
        n_items: for each step, how many histograms it has. The last one of them is here.
    """

    steps: list[int]
    n_steps: int
    edges: list[float]
    shares: list[list[float]]
    percents: list[int]
    percentiles: list[list[float] | None]
    facts: list[dict[str, float | None]]
    n_items: list[int]


class ChosenHistogram(HistogramStack):
    """One histogram of one step: that at `place`."""

    place: int


def stack(entries: list[MediaEntry]) -> HistogramStack:
    """Return the histograms of a name, the last one of each step."""
    last = list({entry.step: entry for entry in entries}.values())
    found = [(entry.step, one) for entry in _evenly(last) if (one := _read(entry)) is not None]
    filled = [one for _, one in found if one.counts]
    low = min((one.edges[0] for one in filled), default=0.0)
    high = max((one.edges[-1] for one in filled), default=1.0)
    n_items = Counter(entry.step for entry in entries)
    return _stacked(found, _edges(low, high), n_items, len(last))


def chosen_histogram(
    entries: list[MediaEntry], place: int | None, low: float | None, high: float | None
) -> ChosenHistogram:
    """Return one histogram of a step.

    Args:
        entries: those of the step.
        place: which of them, or None for the last one.
        low, high: what its bins cover at least.

    Raises:
        OSError: it cannot be read.
    """
    at = len(entries) - 1 if place is None else min(max(place, 0), len(entries) - 1)
    step, one = entries[at].step, histogram_of_entry(entries[at])
    ends = [end for end in (low, high, *one.edges[:1], *one.edges[-1:]) if end is not None]
    edges = _edges(min(ends, default=0.0), max(ends, default=1.0))
    return {**_stacked([(step, one)], edges, {step: len(entries)}, 1), "place": at}


def _stacked(
    found: list[tuple[int, HistogramEntry]],
    edges: NDArray[np.float64],
    n_items: Mapping[int, int],
    n_steps: int,
) -> HistogramStack:
    return {
        "steps": [step for step, _ in found],
        "n_steps": n_steps,
        "edges": edges.tolist(),
        "shares": [_shares(one, edges).round(6).tolist() for _, one in found],
        "percents": list(PERCENTS),
        "percentiles": [_percentiles(one) for _, one in found],
        "facts": [_facts(one) for _, one in found],
        "n_items": [n_items[step] for step, _ in found],
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
    return low * (1 - places) + high * places  # their difference may overflow


def _shares(one: HistogramEntry, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the values in each bin, as if those in a bin were spread evenly."""
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
    counts, edges = np.array(one.counts), np.array(one.edges)
    if not one.counts or not counts.sum() > 0:
        return None
    found = _values_below(counts, edges, np.array(PERCENTS) / 100)
    if one.minimum is not None and one.maximum is not None:
        found[0], found[-1] = one.minimum, one.maximum
        found = found.clip(one.minimum, one.maximum)
    return [float(value) for value in found]


def _values_below(
    counts: NDArray[np.float64], edges: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the values below which these shares of all values are.

    Each is in a bin that holds values, which are spread evenly in it. Empty bins hold none.
    """
    filled = np.flatnonzero(counts > 0)
    reached = np.cumsum(counts[filled])
    wanted = shares * reached[-1]
    place = np.searchsorted(reached, wanted).clip(max=len(filled) - 1)
    within = 1 - (reached[place] - wanted) / counts[filled][place]
    low, high = edges[filled][place], edges[filled + 1][place]
    found: NDArray[np.float64] = low * (1 - within) + high * within  # high - low may overflow
    return found


def _facts(one: HistogramEntry) -> dict[str, float | None]:
    return {
        "number": one.number,
        "minimum": one.minimum,
        "maximum": one.maximum,
        "mean": one.mean,
        "n_not_finite": one.n_not_finite,
    }
