"""Tables and series as CSV or JSON, for `export` and for downloads, piece by piece, so that only
one run's columns have to fit into memory.

NaN and infinity are written in a series as ``NaN``, ``Infinity`` and ``-Infinity`` (in CSV ``nan``,
``inf``, ``-inf``), in a table as null or an empty cell.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any

import numpy as np

from ml_tracking_ops.logger.reading.reader import Series

from ...store.run_details import is_chosen
from ..settings import setting_column
from ..shapes import ReportedRun, SweepReport

_BLOCK = 10_000
_SERIES_COLUMNS = ("metric", "step", "wall_time", "value")
_TIMES = ("started_at", "ended_at")
_MOST_S = 2.5e11
_BREAKS = ";\t\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029|"
"""Characters that begin a new cell or line if a spreadsheet does not separate by commas."""
_BLANKS = r"[\s\x00-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\"]"
_FORMULA = re.compile(
    rf"(?P<start>^|[{_BREAKS}])(?P<blanks>{_BLANKS}*)"
    r"(?P<sign>[=@＝＠﹦﹫＋－﹢﹣\u2212]|[+\-]"
    rf"(?!(?:[\d.]+(?:e[+-]?\d+)?|inf|nan)\s*(?:$|[{_BREAKS}])))",
    re.IGNORECASE,
)

Log = Mapping[str, Series]
NamedLog = tuple[str, Log]
NO_TROUBLES: Mapping[str, str] = {}


def run_csv(log: Log) -> Iterator[str]:
    """Yield a run's points: `metric,step,wall_time,value`, metric by metric, in the order
    logged."""
    yield from _csv(_SERIES_COLUMNS, _points(log))


def runs_csv(logs: Iterable[NamedLog], troubles: Mapping[str, str] = NO_TROUBLES) -> Iterator[str]:
    """Yield the points of several runs, each line beginning with the run's name, and with the time.

    Args:
        troubles: why the logs of some of them cannot be read. If there are any, a last column
            `error` has the reason, in a line without a point.
    """
    rest = ("",) if troubles else ()
    head = ("run", *_SERIES_COLUMNS, "time_utc", *(("error",) if troubles else ()))
    yield from _csv(head, _lines_of_runs(logs, troubles, rest))


def _lines_of_runs(
    logs: Iterable[NamedLog], troubles: Mapping[str, str], rest: tuple[str, ...]
) -> Iterator[tuple[object, ...]]:
    for name, log in logs:
        run = _harmless(name)
        if name in troubles:
            yield run, "", "", "", "", "", _harmless(troubles[name])
        for point, time in zip(_points(log), _point_times(log), strict=True):
            yield (run, *point, time, *rest)


def _points(log: Log) -> Iterator[tuple[object, ...]]:
    for name, series in log.items():
        metric = _harmless(name)
        for block in _blocks(series):
            columns = (series.step[block], series.wall_time[block], series.value[block])
            yield from zip(repeat(metric), *(one.tolist() for one in columns), strict=False)


def _point_times(log: Log) -> Iterator[str]:
    for series in log.values():
        for block in _blocks(series):
            yield from _readable_times(series.wall_time[block]).tolist()


def run_json(log: Log, path: str, config: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Yield a run's points as columns: ``{"path": …, "metrics": {"Loss": {"step": […], …}}}``.

    Args:
        config: its settings, written as `config` if given.
    """
    settings = "" if config is None else f', "config": {json.dumps(_all_spelled(config))}'
    yield f'{{"path": {_text(path)}{settings}, "metrics": '
    yield from _metrics_json(log)
    yield "}\n"


def runs_json(logs: Iterable[NamedLog], troubles: Mapping[str, str] = NO_TROUBLES) -> Iterator[str]:
    """Yield the points of several runs: ``{"runs": {"RUN": {"metrics": {…}}}}``.

    A run that cannot be read has an `error` beside its metrics.
    """
    yield '{"runs": {'
    for number, (name, log) in enumerate(logs):
        yield f'{", " if number else ""}{_text(name)}: {{"metrics": '
        yield from _metrics_json(log)
        yield f', "error": {_text(troubles[name])}}}' if name in troubles else "}"
    yield "}}\n"


def _metrics_json(log: Log) -> Iterator[str]:
    yield "{"
    for number, (name, series) in enumerate(log.items()):
        yield f"{', ' if number else ''}{_text(name)}: {{"
        for place, column in enumerate(("step", "wall_time", "value")):
            yield f'{", " if place else ""}"{column}": ['
            for block in _blocks(series):
                values = [_spelled(value) for value in getattr(series, column)[block].tolist()]
                yield (", " if block.start else "") + json.dumps(values)[1:-1]
            yield "]"
        yield "}"
    yield "}"


def _blocks(series: Series) -> Iterator[slice]:
    for start in range(0, len(series.step), _BLOCK):
        yield slice(start, start + _BLOCK)


def _spelled(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _all_spelled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _all_spelled(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_all_spelled(one) for one in value]
    return _spelled(value) if isinstance(value, float) else value


def table_csv(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a table. Lists, mappings and booleans are JSON in it, tags are a text: ``a, b``.

    Beside seconds since 1970 there is a column that people and spreadsheets can read:
    `started_at_utc`.
    """
    head = [name for column in columns for name in _heads(column)]
    yield from _csv(head, (_cells(columns, line) for line in lines))


def _heads(column: str) -> tuple[str, ...]:
    return (column, f"{column}_utc") if column in _TIMES else (column,)


def _cells(columns: Sequence[str], line: Sequence[Any]) -> list[Any]:
    cells: list[Any] = []
    for name, value in zip(columns, line, strict=True):
        is_tags = name == "tags" and isinstance(value, list | tuple)
        cells.append(_harmless(", ".join(map(str, value))) if is_tags else _cell(value))
        if name in _TIMES:
            cells.append(_readable_time(value))
    return cells


def _readable_time(seconds: object) -> str:
    """Return the UTC as spreadsheets recognise it, ``2026-11-28 10:15:02``, or empty if it is no
    time."""
    is_time = isinstance(seconds, int | float) and -_MOST_S < seconds < _MOST_S
    return str(_readable_times(np.array([seconds], dtype=float))[0]) if is_time else ""


def _readable_times(seconds: np.ndarray) -> np.ndarray:
    is_time = np.abs(seconds) < _MOST_S  # years of four digits, and not NaN
    times = np.where(is_time, seconds, 0.0).astype("datetime64[s]")
    text = np.char.replace(np.datetime_as_string(times), "T", " ")
    return np.where(is_time, text, "")


def table_json(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a table as a list of objects."""
    yield "["
    for number, line in enumerate(lines):
        row = {name: _plain(value) for name, value in zip(columns, line, strict=True)}
        yield (", " if number else "") + json.dumps(row, ensure_ascii=False)
    yield "]\n"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def sweep_csv(report: SweepReport) -> Iterator[str]:
    """Yield the runs of a sweep from `reports.show_sweep`, with the columns of
    `exported_run_rows`."""
    rows = exported_run_rows(report)
    columns = list(rows[0]) if rows else list(_own_columns())
    yield from table_csv(columns, (list(row.values()) for row in rows))


def exported_run_rows(report: SweepReport) -> list[dict[str, Any]]:
    """Return a row for each run, with a column for each hyperparameter and each other logged
    setting.

    What users wrote about runs (name, tags, note) has columns if there is any.
    """
    runs: Sequence[Mapping[str, Any]] = report["runs"]
    before, after = _own_columns(), _own_columns(is_after=True)
    written = [name for name in ("label", "tags", "note") if any(run.get(name) for run in runs)]
    chosen = dict.fromkeys(name for run in runs for name in run["hyperparameters"])
    logged = dict.fromkeys(name for run in runs for name in run["config"])
    besides = [name for name in logged if not is_chosen(name, chosen)]
    measured = dict.fromkeys(name for run in runs for name in run["values"])
    judged = ["is_feasible"] if report["where"] else []
    judged += ["is_on_front"] if report["objectives"] else []
    if report["objectives"]:  # has no single best value
        after = [name for name in after if name not in ("best_value", "best_step")]
    taken = {*before, *after, *written, *judged}
    heads = {name: setting_column(name, taken | {*measured}) for name in (*chosen, *besides)}
    metrics = {name: f"metric.{name}" if name in taken else name for name in measured}
    return [
        {
            **{name: run[name] for name in before},
            **{heads[name]: run["hyperparameters"].get(name) for name in chosen},
            **{heads[name]: run["config"].get(name) for name in besides},
            **{metrics[name]: run["values"].get(name) for name in measured},
            **{name: run.get(name) for name in judged},
            **{name: run[name] for name in after},
            **{name: run.get(name) for name in written},
        }
        for run in runs
    ]


def _own_columns(*, is_after: bool = False) -> Sequence[str]:
    """Return the columns before those of the hyperparameters, or those after them."""
    columns = list(ReportedRun.__annotations__)
    at = columns.index("hyperparameters")
    return columns[at + 1 :] if is_after else columns[:at]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return _harmless(value)
    if isinstance(value, list | tuple | Mapping | bool):
        return _harmless(json.dumps(value, ensure_ascii=False))
    return "" if isinstance(value, float) and not math.isfinite(value) else value


def _harmless(text: str) -> str:
    """Return the text, with an apostrophe before anything that a spreadsheet may take for a
    formula.

    That is a sign at the beginning, also after blanks, and where some spreadsheets begin a new cell
    or line: after semicolons, tabs and line breaks.
    """
    if text.startswith(("\t", "\r")):
        text = f"'{text}"
    return _FORMULA.sub(r"\g<start>\g<blanks>'\g<sign>", text)


def _csv(head: Sequence[str], lines: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the text of a CSV file, block by block."""
    lines = iter(lines)
    block: list[Sequence[object]] = [[_harmless(name) for name in head]]
    while block:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(block)
        yield out.getvalue()
        block = list(islice(lines, _BLOCK))
