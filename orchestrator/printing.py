"""How reports look in the terminal."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def print_json(data: Any, out: TextIO | None = None) -> None:
    json.dump(data, sys.stdout if out is None else out, ensure_ascii=False, allow_nan=False)
    print(file=out)


def short(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    cells = [list(head), *([cell.replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


def print_sweep(report: dict[str, Any]) -> None:
    counts = ", ".join(f"{n} {state}" for state, n in report["counts"].items())
    why = f" ({report['reason']})" if report["reason"] else ""
    seed = "" if report["seed"] is None else f"; seed {report['seed']}"
    print(f"{report['name']}: {report['state']}{why}; {counts}{seed}")
    names = list(dict.fromkeys(n for run in report["runs"] for n in run["hyperparameters"]))
    rows = [
        (
            str(run["index"]), run["name"] or "", run["state"],
            *(short(run["hyperparameters"].get(name)) for name in names),
            short(run["best_value"]), short(run["best_step"]), run["reason"] or "",
        )
        for run in report["runs"]
    ]  # fmt: skip
    metric = (report["optimization_metric"] or "best").upper()
    print_table(("RUN", "NAME", "STATE", *names, metric, "AT STEP", "REASON"), rows)
    if report["best"]:
        print(f"best: {report['best']}")


def print_run(report: dict[str, Any]) -> None:
    print(f"{report['name']}: {report['state']}")
    if report["n_damaged_records"]:
        print(f"damaged records skipped: {report['n_damaged_records']}")
    columns = ("count", "first_step", "last_step", "last", "min", "max")
    rows = [
        (name, *(short(entry[column]) for column in columns))
        for name, entry in report["metrics"].items()
    ]
    print_table(("METRIC", "COUNT", "FIRST STEP", "LAST STEP", "LAST", "MIN", "MAX"), rows)
