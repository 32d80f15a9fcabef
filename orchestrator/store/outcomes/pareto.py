"""The Pareto front of results of several objectives, and its hypervolume. Pure.

Results are tuples of losses: less is better in each of them.
"""

from collections.abc import Sequence

Losses = tuple[float, ...]
MOST_MEASURED = 3
"""No hypervolume is computed for more objectives."""


def dominates(one: Losses, other: Losses) -> bool:
    """Return whether one result is at least as good in every objective, and better in one."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def front_of(points: Sequence[Losses]) -> list[int]:
    """Return the positions of the points that no other dominates, in their order, equal ones
    included."""
    order = sorted(range(len(points)), key=points.__getitem__)
    front: list[int] = []
    for position in order:  # a later one dominates no earlier one
        point = points[position]
        if not any(dominates(points[known], point) for known in reversed(front)):
            front.append(position)
    return sorted(front)


def worst_of(points: Sequence[Losses]) -> Losses:
    """Return the worst loss of each objective."""
    return tuple(max(column) for column in zip(*points, strict=True))


def hypervolume(points: Sequence[Losses], reference: Losses) -> float:
    """Return the volume that the points dominate, up to the reference point.

    Slices along the last objective: Zitzler, "Evolutionary Algorithms for Multiobjective
    Optimization", 1999, section 2.2. For two or three objectives, and one.
    """
    inside = [one for one in points if all(a < b for a, b in zip(one, reference, strict=True))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return reference[0] - min(one[0] for one in inside)
    if len(reference) == 2:
        return _area(inside, reference)
    inside.sort(key=lambda point: point[-1])
    limits = [*(point[-1] for point in inside[1:]), reference[-1]]
    volume = 0.0
    for count, (point, limit) in enumerate(zip(inside, limits, strict=True), 1):
        if limit > point[-1]:
            flat = [one[:-1] for one in inside[:count]]
            volume += (limit - point[-1]) * hypervolume(flat, reference[:-1])
    return volume


def _area(points: Sequence[Losses], reference: Losses) -> float:
    area, height = 0.0, reference[1]
    for across, up in sorted(points):
        if up < height:
            area += (reference[0] - across) * (height - up)
            height = up
    return area


def hypervolumes(points: Sequence[Losses], reference: Losses) -> list[float]:
    """Return the hypervolume of the first one, two, … of the points."""
    front: list[Losses] = []
    found: list[float] = []
    volume = 0.0
    for point in points:
        if not any(known == point or dominates(known, point) for known in front):
            front = [known for known in front if not dominates(point, known)]
            front.append(point)
            volume = hypervolume(front, reference)
        found.append(volume)
    return found
