"""Tables and curves of the results of `search_quality.py`."""

import json
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f")


def load(path: Path) -> list[dict[str, Any]]:
    """Read the sweeps in a file. A missing file has none. An incomplete line is skipped."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def name_of(row: Row) -> str:
    return f"{row['contender']}/{row['rule']}"


def _by_pair(rows: Sequence[Row]) -> dict[str, dict[tuple[str, int], Row]]:
    """Return the sweeps of each contender by task and seed."""
    found: dict[str, dict[tuple[str, int], Row]] = {}
    for row in rows:
        found.setdefault(name_of(row), {})[row["task"], row["seed"]] = row
    return found


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return statistics.fmean(values), error


def table(rows: Sequence[Row], first: str) -> list[str]:
    """Return a line of Markdown for each contender, the best first."""
    found = _by_pair(rows)
    tasks = {row["task"] for row in rows}
    workers = ", ".join(str(n) for n in sorted({row["workers"] for row in rows}))
    lines = [
        f"{len(tasks)} tasks, {workers} at once",
        f"| | sweeps | mean regret | at a third of the budget | difference to {first} |",
        "| --- | --- | --- | --- | --- |",
    ]
    ends = {name: [row["curve"][-1] for row in some.values()] for name, some in found.items()}
    for name in sorted(found, key=lambda name: statistics.fmean(ends[name])):
        mean, error = mean_and_error(ends[name])
        third = statistics.fmean(row["curve"][19] for row in found[name].values())
        versus = "" if name == first or first not in found else _difference(found, name, first)
        lines.append(
            f"| {name} | {len(ends[name])} | {mean:.3f} ± {error:.3f} | {third:.3f} | {versus} |"
        )
    return lines


def _difference(found: Mapping[str, Mapping[Any, Row]], one: str, other: str) -> str:
    """Return the mean regret of one contender minus another's, over the sweeps that both have."""
    both = found.get(one, {}).keys() & found.get(other, {}).keys()
    if not both:
        return ""
    values = [found[one][key]["curve"][-1] - found[other][key]["curve"][-1] for key in both]
    mean, error = mean_and_error(values)
    by_task: dict[str, list[float]] = {}
    for key, value in zip(both, values, strict=True):
        by_task.setdefault(key[0], []).append(value)
    _, between = mean_and_error([statistics.fmean(some) for some in by_task.values()])
    return f"{mean:+.3f} ± {error:.3f} (± {between:.3f} over tasks)"


def differences(rows: Sequence[Row], one: str, other: str) -> str:
    return f"{one} − {other}: {_difference(_by_pair(rows), one, other)}"


def regrets(rows: Sequence[Row]) -> dict[str, Any]:
    """The regret at the end of each sweep: workers → contender and rule → task → by seed.

    A sweep that was not run is null.
    """
    found: dict[str, Any] = {}
    for row in rows:
        by_task = found.setdefault(f"{row['workers']} at once", {}).setdefault(name_of(row), {})
        by_task.setdefault(row["task"], {})[row["seed"]] = round(row["curve"][-1], 4)
    return {
        workers: {
            name: {
                task: [by_seed.get(seed) for seed in range(max(by_seed) + 1)]
                for task, by_seed in by_task.items()
            }
            for name, by_task in by_name.items()
        }
        for workers, by_name in found.items()
    }


def kept(rows: Sequence[Row]) -> str:
    """The same as JSON, a line for each task of a contender."""
    text = json.dumps(regrets(rows), indent=1, sort_keys=True)
    return re.sub(r"\[[^\]]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def picture(rows: Sequence[Row]) -> str:
    """Draw the mean regret over the budget as SVG, with a panel for each number of workers.

    Each panel shows the tasks and seeds that all its contenders have finished.
    """
    panels = sorted({row["workers"] for row in rows})
    names = sorted({name_of(row) for row in rows})
    width, height, left = 330, 260, 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{len(panels) * width + 10}" '
        f'height="{height + 40 + 16 * len(names)}" font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, workers in enumerate(panels):
        parts += _panel(
            [row for row in rows if row["workers"] == workers],
            names,
            (number * width + left, 24, width - left - 12, height - 60),
            f"{workers} at once",
        )
    for number, name in enumerate(names):
        y, colour = height + 14 + 16 * number, _COLOURS[number % len(_COLOURS)]
        parts.append(f'<rect x="{left}" y="{y}" width="18" height="3" fill="{colour}"/>')
        parts.append(f'<text x="{left + 26}" y="{y + 5}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _panel(
    rows: Sequence[Row], names: Sequence[str], box: tuple[int, int, int, int], title: str
) -> list[str]:
    x, y, w, h = box
    found = _by_pair(rows)
    common = set.intersection(*(set(some) for some in found.values()))
    curves = {
        name: [
            statistics.fmean(values)
            for values in zip(*(found[name][key]["curve"] for key in common), strict=True)
        ]
        for name in names
        if name in found and common
    }
    low, high = math.log10(0.02), 0.0
    parts = [
        f'<text x="{x}" y="{y - 8}">{title}, {len(common)} sweeps each</text>',
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="#999"/>',
        f'<text x="{x}" y="{y + h + 26}">share of the budget, 0 to 1</text>',
    ]
    for value in (0.03, 0.1, 0.3, 1.0):
        at = y + h * (high - math.log10(value)) / (high - low)
        parts.append(f'<text x="{x - 34}" y="{at + 4:.1f}">{value:g}</text>')
        parts.append(f'<path d="M{x} {at:.1f}h{w}" stroke="#ddd"/>')
    for name, curve in curves.items():
        points = []
        for k, value in enumerate(curve, 1):
            place = min(max(math.log10(max(value, 1e-9)), low), high)
            points.append(
                f"{x + w * k / len(curve):.1f},{y + h * (high - place) / (high - low):.1f}"
            )
        colour = _COLOURS[names.index(name) % len(_COLOURS)]
        parts.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
            'stroke-width="1.6"/>'
        )
    return parts
