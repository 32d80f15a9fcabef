"""Print reports in the terminal."""

import json
import math
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TextIO

from ...reports.shapes import (
    AnnotatedEntry,
    AnnotatedRun,
    CombinationEntry,
    ReplayEntry,
    ReplayReport,
    ReportedRun,
    RunReport,
    SweepReport,
    SweepTotals,
    VerdictReport,
)
from ...store.combinations import mean_text, rounded_mean
from ...verdict.words import percent
from .words import format_duration, print_result, printable_line, short_value

if TYPE_CHECKING:
    from rich.table import Table

_NARROWEST_LAST_COLUMN = 20


def print_json(data: Any, out: TextIO | None = None, *, indent: int | None = None) -> None:
    out = sys.stdout if out is None else out
    is_ascii = not _is_unicode(out)
    try:
        text = json.dumps(data, ensure_ascii=is_ascii, allow_nan=False, indent=indent)
    except ValueError:  # JSON has no NaN and no infinity, but Python reads them
        text = json.dumps(_finite(data), ensure_ascii=is_ascii, indent=indent)
    # half a surrogate pair cannot be written, but its escape is JSON
    print(text.encode("utf-8", "backslashreplace").decode(), file=out)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _is_unicode(out: TextIO) -> bool:
    encoding: str | None = getattr(out, "encoding", None)
    return encoding is None or encoding.lower().startswith("utf")


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout. On a terminal the last column is folded to fit.

    Nothing is cut off: the terminal wraps what is still wider.
    """
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(file=sys.stdout, highlight=False)
    table = _table(head, rows)
    unbounded = console.options.update(max_width=1_000_000)
    width = Measurement.get(console, unbounded, table).maximum
    if sys.stdout.isatty():
        width = min(width, max(console.width, _least_width(width, head, rows)))
    console.width = width
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        print(line.rstrip())


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, name in enumerate(head):
        is_last = position == len(head) - 1
        table.add_column(Text(printable_line(name)), no_wrap=not is_last, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable_line(cell)) for cell in row))
    return table


def _least_width(width: int, head: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return the width of a table whose last column is folded as far as is readable."""
    from rich.cells import cell_len

    last = max(cell_len(printable_line(row[-1])) for row in (head, *rows))
    return width - last + min(last, _NARROWEST_LAST_COLUMN)


def print_sweep(report: SweepReport) -> None:
    from ...store.run_states import STATES, counts_text, not_counted

    counts = counts_text(report["counts"])
    why = f" ({report['reason']})" if report["reason"] else ""
    seed = "" if report["seed"] is None else f". Seed: {report['seed']}"
    paused = ", paused" if report["is_paused"] else ""
    print_result(f"{report['name']}: {report['state']}{paused}{why}. Runs: {counts}{seed}")
    _print_annotation(report)
    names = list(dict.fromkeys(n for run in report["runs"] for n in run["hyperparameters"]))
    has_jobs = any(run["job"] for run in report["runs"])
    rows = [
        (
            str(run["index"]),
            run["name"] or "",
            STATES[run["state"]].word,
            *((run["job"] or "", run["node"] or "") if has_jobs else ()),
            *(short_value(run["hyperparameters"].get(name)) for name in names),
            *_results(report, run),
            run["reason"] or "",
        )
        for run in report["runs"]
    ]
    metric = report["optimization_metric"] or "BEST"
    heads = ("RUN", "NAME", "STATE", *(("JOB", "NODE") if has_jobs else ()), *names)
    print_table((*heads, *_result_heads(report), "REASON"), rows)
    if report["objectives"]:
        print_result(_front_text(report))
    if report["best"]:
        best = next((run for run in report["runs"] if run["name"] == report["best"]), None)
        ending = "" if best is None else not_counted(best["state"])
        single = "best single run" if report.get("combinations") else "best"
        print_result(f"{single}: {report['best']}{ending}")
        if report["best_that_counts"]:
            print_result(f"best that did not fail: {report['best_that_counts']}")
    if report.get("combinations"):
        _print_combinations(report)
    if report["verdict"] is not None:
        _print_verdict(report["verdict"], metric)


def _result_heads(report: SweepReport) -> list[str]:
    """Return the columns for the results of runs: one metric, several objectives, constraints."""
    heads = [one["metric"] for one in report["objectives"]]
    if not heads:
        heads = [report["optimization_metric"] or "BEST", "AT STEP"]
    judged = ["MEETS WHERE"] if report["where"] else []
    return [*heads, *judged, *(["FRONT"] if report["objectives"] else [])]


def _results(report: SweepReport, run: AnnotatedRun) -> list[str]:
    values = run["values"]
    cells = [short_value(values.get(one["metric"])) for one in report["objectives"]]
    if not cells:
        cells = [short_value(run["best_value"]), short_value(run["best_step"])]
    if report["where"]:
        cells.append("" if run["ended_at"] is None else "yes" if run["is_feasible"] else "no")
    if report["objectives"]:
        cells.append("*" if run["is_on_front"] else "")
    return cells


def _front_text(report: SweepReport) -> str:
    names = ", ".join(report["front"]) or "no run yet"
    if report["hypervolume"] is None:
        return f"front: {names}"
    bounds = (f"{one['metric']} {short_value(one['reference'])}" for one in report["objectives"])
    return f"front: {names}, hypervolume {short_value(report['hypervolume'])} ({', '.join(bounds)})"


def _print_verdict(verdict: VerdictReport, metric: str) -> None:
    """Print the leaders, and which of them won."""
    rows = [
        (
            one["run"],
            str(one["n"]),
            mean_text(one["mean"], one["std"]),
            short_value(one["corrected"]),
            percent(one["probability"]),
        )
        for one in verdict["leaders"]
    ]
    print()
    print_table(("LEADER", "RUNS", metric, "CORRECTED", "BEST WITH"), rows)
    print_result(verdict["text"])


def _print_combinations(report: SweepReport) -> None:
    """Print the means of combinations that were run several times."""
    found = report["combinations"]
    names = list(dict.fromkeys(name for one in found for name in one["hyperparameters"]))
    rows = [
        (
            str(one["combination"]),
            *(short_value(one["hyperparameters"].get(name)) for name in names),
            str(one["n_values"]),
            *_mean_cells(one),
        )
        for one in found
    ]
    metric = report["optimization_metric"] or "BEST"
    print()
    print_table(("COMBINATION", *names, "RUNS", f"MEAN {metric}", "SPREAD"), rows)
    best = next((one for one in found if one["combination"] == report["best_combination"]), None)
    if best is not None and best["mean"] is not None:
        value = mean_text(best["mean"], best["spread"])
        print_result(
            f"best combination: {best['combination']}  {metric}={value} in {best['n_values']} runs"
        )


def _mean_cells(one: CombinationEntry) -> tuple[str, str]:
    mean, spread = one["mean"], one["spread"]
    return (short_value(mean), "") if mean is None or spread is None else rounded_mean(mean, spread)


def _print_annotation(report: AnnotatedEntry) -> None:
    """Print a user's annotations."""
    if report["label"] or report["tags"]:
        print_result(
            "  ".join([report["label"] or "", *(f"#{tag}" for tag in report["tags"])]).strip()
        )
    if report["note"]:
        print_result("\n".join(f"  {line}" for line in report["note"].split("\n")))


def _print_other_tags(report: RunReport) -> None:
    from ...store.tensorboard.tags import describe_tags

    for kind, tags in report["other_tags"].items():
        print_result(f"{kind}: {describe_tags(kind, tags)}")


def _job_text(run: ReportedRun, now: float) -> str:
    """Return the name of a run in an engine's queue, its place, and how long it waited and ran."""
    gpus = f", GPUs {', '.join(run['gpus'])}" if run["gpus"] else ""
    parts = [f"{run['job'] or 'no job yet'}{' on ' + run['node'] if run['node'] else ''}{gpus}"]
    over_at = now if run["ended_at"] is None else run["ended_at"]
    started_at = over_at if run["started_at"] is None else run["started_at"]
    if run["queued_at"] is not None:
        parts.append(f"{format_duration(started_at - run['queued_at'])} in the queue")
    if run["started_at"] is not None:
        parts.append(f"ran for {format_duration(over_at - started_at)}")
    return "; ".join(parts)


def print_run(report: RunReport) -> None:
    from ...store.run_states import STATES

    word = STATES[report["state"]].word
    why = f" ({report['reason']})" if report["reason"] else ""
    print_result(f"{report['name']}: {word}{why}")
    if "sweep" in report:
        print_result(f"run {report['index']} of {report['sweep']}")
        if report["job"] or report["queued_at"]:
            print_result(_job_text(report, time.time()))
        for name, value in report["hyperparameters"].items():
            print_result(f"  {name} = {short_value(value)}")
        if report["rerun"]:
            print_result(f"run it again: {report['rerun']}")
    else:
        for name, value in report["config"].items():
            print_result(f"  {name} = {short_value(value)}")
    _print_annotation(report)
    _print_other_tags(report)
    if report["n_damaged_records"]:
        print_result(f"damaged records skipped: {report['n_damaged_records']}")
    if report["files"]:
        n_files = len(report["files"])
        print_result(f"{n_files} {'file' if n_files == 1 else 'files'} in {report['run_dir']}")
    for one in report["media"]:
        steps = f"{one['first_step']} to {one['last_step']}"
        print_result(f"{one['kind']} {one['name']}: {one['count']}, steps {steps}")
    rows = [
        (
            name,
            short_value(entry["count"]),
            short_value(entry["first_step"]),
            short_value(entry["last_step"]),
            short_value(entry["last"]),
            short_value(entry["min"]),
            short_value(entry["max"]),
        )
        for name, entry in report["metrics"].items()
    ]
    print_table(("METRIC", "COUNT", "FIRST STEP", "LAST STEP", "LAST", "MIN", "MAX"), rows)


def print_replays(report: ReplayReport) -> None:
    """Print what rules would have saved and cost, and for each the runs it would have stopped."""
    sweep, metric = report["sweep"], report["optimization_metric"]
    print_result(
        f"{report['name']}: {sweep['n_runs']} runs, {format_duration(sweep['seconds'])} in all. "
        f"Best {metric} {short_value(sweep['best_value'])} ({sweep['best']})"
    )
    if sweep["n_cut_short"]:
        print_result(
            f"{sweep['n_cut_short']} of them did not run to their end, so it is not known "
            "how they would have continued"
        )
    print()
    columns = ("RULE", "STOPS", "SAVES", "SECONDS", "STEPS", "VALUES", "BEST LEFT", "REGRET")
    rows = [_replay_row(entry, sweep) for entry in report["replays"]]
    print_table(columns, rows)
    for entry in report["replays"]:
        _print_stops(entry, metric)


def _replay_row(entry: ReplayEntry, sweep: SweepTotals) -> tuple[str, ...]:
    saved, cost = entry["saved"], entry["cost"]
    kept = "" if cost["best"] == sweep["best"] else f" ({cost['best']})"
    return (
        rule_text(entry["rule"]),
        f"{entry['n_stopped']} of {sweep['n_runs']}",
        f"{saved['share_of_seconds']:.0%}",
        format_duration(saved["seconds"]),
        str(saved["steps"]),
        str(saved["values"]),
        f"{short_value(cost['best_value'])}{kept}",
        short_value(cost["regret"]),
    )


def _print_stops(entry: ReplayEntry, metric: str) -> None:
    print_result(
        f"\n{rule_text(entry['rule'])} would have stopped {entry['n_stopped'] or 'no run'}"
    )
    if not entry["stopped"]:
        return
    lost = set(entry["cost"]["lost"])
    rows = [
        (
            str(stop["index"]),
            stop["name"],
            short_value(stop["step"]),
            short_value(stop["best_then"]),
            short_value(stop["best_value"]) + (" lost" if stop["name"] in lost else ""),
            format_duration(stop["saved"]["seconds"]),
            stop["reason"].partition(": ")[2],
        )
        for stop in entry["stopped"]
    ]
    print_table(("RUN", "NAME", "AT STEP", "BEST THEN", "BEST LATER", "SAVES", "WHY"), rows)


def rule_text(rule: dict[str, Any]) -> str:
    settings = [f"{key}={value}" for key, value in rule.items() if key != "rule"]
    return " ".join([rule["rule"], *settings])
