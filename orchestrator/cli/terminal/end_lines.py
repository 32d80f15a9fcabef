"""The line about the end of a run: complete, or cut to one line of the terminal."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TextIO

from ...commands.values import as_text
from ...reports.short_states import short_state
from ...store.run_record import RunRecord
from ...store.run_states import STATES
from .words import (
    cut_text,
    format_combination,
    format_duration,
    format_number,
    format_values,
    printable_line,
)

_WIDTH = 80
_LONGEST_METRIC = 24
_LONGEST_VALUE = 24
_LONGEST_ERROR = 40


class EndLine(Protocol):
    """Writes the line about the end of a run. `differing` names the hyperparameters that differ."""

    def __call__(self, run: RunRecord, differing: Sequence[str]) -> str: ...


class WholeEndLine:
    """Everything that is known, however long, for files, pipes and `--verbose`."""

    def __init__(self, n_runs: int, metric: str) -> None:
        self._n_digits = len(str(n_runs))
        self._metric = metric

    def __call__(self, run: RunRecord, differing: Sequence[str]) -> str:
        parts = [
            f"run {run.index:>{self._n_digits}}",
            f"{STATES[run.state].word:<13}",
            f"{_duration(run):>6}",
        ]
        if run.best_value is not None:
            best = f"{self._metric} {format_number(run.best_value)} at step {run.best_step}"
            parts.append(best + _after_decision(run))
        elif run.values:
            parts.append(format_values(run.values))
        if not run.is_feasible:
            parts.append("violates where")
        parts.append(format_combination(run.hyperparameters))
        if run.reason:
            parts.append(f"({run.reason.removeprefix('stopped early ')})")
        return "  ".join(part for part in parts if part)


class ShortEndLine:
    """One line of the terminal, aligned in columns and cut at its width.

    A column grows with the longest text so far.

    Args:
        out: the terminal.
    """

    def __init__(self, n_runs: int, metric: str, out: TextIO) -> None:
        self._n_digits = len(str(n_runs))
        self._metric = cut_text(metric, _LONGEST_METRIC)
        self._out = out
        self._widths = {"state": 13, "duration": 6}

    def __call__(self, run: RunRecord, differing: Sequence[str]) -> str:
        parts = [
            f"run {run.index:>{self._n_digits}}",
            self._fill("state", short_state(run)),
            self._fill("duration", _duration(run), is_number=True),
            self._result(run),
            *(self._hyperparameter(run, name) for name in differing),
        ]
        return _cut_to("  ".join(parts).rstrip(), terminal_width(self._out))

    def _result(self, run: RunRecord) -> str:
        """Return the best value, or, for a run that failed without one, the error."""
        if run.best_value is None and run.state == "failed" and run.reason:
            return _cut_to(printable_line(_error_in(run.reason)), _LONGEST_ERROR)
        if run.best_value is None and run.values:
            return self._fill("result", format_values(run.values))
        return self._fill("result", f"{self._metric} {format_number(run.best_value)}")

    def _hyperparameter(self, run: RunRecord, name: str) -> str:
        text = f"{name}={_value_text(run, name)}" if name in run.hyperparameters else ""
        return self._fill(f"hyperparameter {name}", text)

    def _fill(self, column: str, text: str, *, is_number: bool = False) -> str:
        """Pad a cell to the width of its column."""
        from rich.cells import cell_len

        text = printable_line(text)
        width = self._widths[column] = max(self._widths.get(column, 0), cell_len(text))
        blank = " " * (width - cell_len(text))
        return blank + text if is_number else text + blank


class DifferingNames:
    """The hyperparameters in which the runs of a sweep differ. With a single run, all of them."""

    def __init__(self) -> None:
        self._n_runs = 0
        self._first: dict[str, str] = {}
        self._n_with: dict[str, int] = {}
        self._changing: set[str] = set()

    def take_in(self, hyperparameters: Mapping[str, Any]) -> None:
        self._n_runs += 1
        for name, value in hyperparameters.items():
            self._n_with[name] = self._n_with.get(name, 0) + 1
            if self._first.setdefault(name, repr(value)) != repr(value):
                self._changing.add(name)

    @property
    def names(self) -> list[str]:
        """The names, including hyperparameters that only some of the runs have."""
        if self._n_runs < 2:
            return list(self._first)
        some = (name for name, n in self._n_with.items() if n < self._n_runs)
        differing = self._changing.union(some)
        return [name for name in self._first if name in differing]


def terminal_width(out: TextIO) -> int:
    """Return the width of a terminal in columns, from `COLUMNS` if that is set."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isascii() and asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(out.fileno()).columns or _WIDTH
    except (OSError, ValueError):
        return _WIDTH


def _cut_to(text: str, width: int) -> str:
    """Return the beginning of a text that is too wide for a line."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def _error_in(reason: str) -> str:
    """Return the script's error message, without the exit code, which the state shows."""
    code, _, error = reason.partition("\n")[0].partition(": ")
    return error if error and code.startswith("exit code ") else reason.partition("\n")[0]


def _value_text(run: RunRecord, name: str) -> str:
    value = run.hyperparameters[name]
    return (
        format_number(value)
        if isinstance(value, float)
        else cut_text(as_text(value), _LONGEST_VALUE)
    )


def _duration(run: RunRecord) -> str:
    if run.started_at is None or run.ended_at is None:  # it never left the queue
        return "–"
    return format_duration(run.ended_at - run.started_at)


def _after_decision(run: RunRecord) -> str:
    """Return a mark for a best value logged after the run was asked to stop."""
    step = None if run.stopped_by is None else run.stopped_by.get("step")
    if not isinstance(step, int) or run.best_step is None or run.best_step <= step:
        return ""
    return f", after the decision at step {step}"
