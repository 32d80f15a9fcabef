"""Printing and keeping figures, as JSON and as a table."""

import json
import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .measuring import Figure, Row, Spread

FOLDER = Path(__file__).resolve().parents[1] / "results"
_MARKS = {True: "met", False: "missed", None: ""}


def show(figure: Figure, machine: Mapping[str, Any]) -> None:
    """Print a figure."""
    print(f"\n{figure.title}\n  {figure.what_ran}")
    print("  " + ", ".join(f"{key} {value}" for key, value in machine.items()))
    table = [["", "median", "min … max", "ratio", "target", ""], *map(_cells, figure.rows)]
    widths = [max(len(line[column]) for line in table) for column in range(6)]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())
    for note in figure.notes:
        print(f"  – {note}")
    print(flush=True)


def _cells(row: Row) -> list[str]:
    value, ratio = row.value, row.ratio
    reach = "" if value.n == 1 else f"{number(value.minimum)} … {number(value.maximum)}"
    against = f"{number(ratio.median)} × {row.yardstick}" if ratio else ""
    median = f"{number(value.median)} {row.unit}"
    return [row.subject, median, reach, against, row.target or "", _MARKS[row.is_met]]


def number(value: float) -> str:
    """Format a number with three significant digits."""
    if value == 0 or (value == int(value) and abs(value) < 1e6):
        return f"{value:,.0f}"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def keep(figure: Figure, machine: Mapping[str, Any]) -> None:
    """Write `results/NAME.json`."""
    FOLDER.mkdir(exist_ok=True)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    data = {"measured_at": when, "machine": dict(machine), **asdict(figure)}
    text = json.dumps(data, indent=1, ensure_ascii=False)
    (FOLDER / f"{figure.name}.json").write_text(text + "\n", encoding="utf-8")


def load_all(names: Iterable[str]) -> list[tuple[Figure, dict[str, Any]]]:
    """Return the latest results of each figure, with their machine."""
    found = []
    for name in names:
        path = FOLDER / f"{name}.json"
        if path.exists():
            data = json.loads(path.read_text(encoding="utf-8"))
            rows = [_row(row) for row in data["rows"]]
            figure = Figure(data["name"], data["title"], data["what_ran"], rows, data["notes"])
            found.append((figure, {**data["machine"], "measured_at": data["measured_at"]}))
    return found


def _row(data: dict[str, Any]) -> Row:
    ratio = Spread(**data["ratio"]) if data["ratio"] else None
    return Row(**{**data, "value": Spread(**data["value"]), "ratio": ratio})


def write_table(found: list[tuple[Figure, dict[str, Any]]]) -> None:
    """Write `results/TABLE.md`: every row of every figure."""
    lines = []
    for figure, machine in found:
        lines += [f"## {figure.title}", "", figure.what_ran, ""]
        lines += [", ".join(f"{key} {value}" for key, value in machine.items()), ""]
        lines += [
            "| | median | min … max | ratio | target | |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += ["| " + " | ".join(_cells(row)) + " |" for row in figure.rows]
        lines += ["", *(f"- {note}" for note in figure.notes), ""]
    (FOLDER / "TABLE.md").write_text("\n".join(lines), encoding="utf-8")
