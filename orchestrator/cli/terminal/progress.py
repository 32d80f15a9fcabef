"""Progress of a sweep in the terminal: one bar, a line for each finished run, the best so far."""

import copy
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from ...reports.time_left import seconds_left
from ...store.journal import Event
from ...store.run_record import RunRecord
from ...store.run_states import BEGUN, ENDS, STATES
from ...store.sweep_record import SweepRecord
from .end_lines import DifferingNames, EndLine, ShortEndLine, WholeEndLine
from .front import front_line
from .words import format_combination, format_duration, format_number, printable_line

if TYPE_CHECKING:
    from rich.live import Live


class ProgressDisplay(Protocol):
    """Takes in a sweep's events and shows them."""

    def on_event(self, event: Event) -> None: ...

    def close(self) -> None: ...


def open_progress(
    n_runs: int,
    goal: Any,
    metric: str | None,
    out: TextIO | None = None,
    begun: SweepRecord | None = None,
    *,
    is_verbose: bool = False,
    is_folded: bool = False,
) -> ProgressDisplay:
    """Return a live bar if `out` (by default stderr) is a terminal, otherwise plain lines.

    On a terminal a finished run takes one line, unless `is_verbose`.

    `begun` holds what happened before. The progress takes it over, unless `is_folded`: then others
    fold each event into it before it is shown. Plain lines need no record of their own.
    """
    out = sys.stderr if out is None else out
    is_terminal = out.isatty()
    if is_folded and is_terminal:
        begun, is_folded = copy.deepcopy(begun), False
    text = ProgressText(n_runs, goal, metric, begun, is_folded=is_folded)
    if is_terminal:
        if not is_verbose:
            text.end_line = ShortEndLine(n_runs, text.metric, out)
        return TerminalProgress(text, out)
    return PlainProgress(text, out)


class ProgressText:
    """The progress of a sweep as text."""

    def __init__(
        self,
        n_runs: int,
        goal: Any,
        metric: str | None,
        begun: SweepRecord | None = None,
        *,
        is_folded: bool = False,
    ) -> None:
        self._is_folded = is_folded
        self.record = begun or SweepRecord(goal=goal)
        self.n_runs = n_runs
        self.metric = metric or "best"
        self.end_line: EndLine = WholeEndLine(n_runs, self.metric)
        self._differing = DifferingNames()
        for run in self.record.runs.values():
            self._differing.take_in(run.hyperparameters)
        # kept up to date: counting all runs whenever one ends would cost more with every run
        self._states = {run.index: run.state for run in self.record.runs.values()}
        self._counts = Counter(self._states.values())

    def take_in(self, event: Event) -> list[tuple[str, str]]:
        """Fold an event in, and return the (style, line) pairs to print for it."""
        return [(style, _quoted_lines(text)) for style, text in self._take_in(event)]

    def _take_in(self, event: Event) -> list[tuple[str, str]]:
        index = event.get("index") if self._is_folded else self.record.apply(event)
        if index is not None and index in self.record.runs:
            self._recount(index)
        match event["event"]:
            case "sampled" if index is not None:
                self._differing.take_in(self.record.runs[index].hyperparameters)
            case "improved" if event["index"] in self.record.runs and not self._is_folded:
                run = self.record.runs[event["index"]]
                run.best_value, run.best_step = event["best_value"], event["best_step"]
            case "ended" if index is not None:
                return self._end_lines(self.record.runs[index])
            case "retrying":
                return [
                    ("yellow", f"run {event['index']} is tried again in {event['delay_s']:g} s")
                ]
            case "stopping":
                return [("bold", f"the sweep ends: {event['reason']}")]
            case "sampler_picked":
                return [("bold", f"sampler: {event['sampler']}, since {event['reason']}")]
            case "confirming":
                leaders = ", ".join(map(str, event["combinations"]))
                return [("bold", f"the search is over. Its leaders run again: {leaders}")]
            case "dropped":
                return [
                    ("bold", f"combination {event['combination']} drops out: {event['reason']}")
                ]
            case "failing":
                return [("bold red", f"no more runs start: {event['reason']}")]
            case "requested":
                refused = "" if event.get("outcome") == "done" else "refused: "
                asked = f"{event.get('action')} asked by {event.get('by')}"
                return [("bold", f"{asked}: {refused}{event.get('message')}")]
            case "warning" | "trouble":
                return [("bold yellow", f"warning: {event['message']}")]
            case "warning_over":
                return [("bold", f"resolved: {event['message']}")]
        return []

    def _recount(self, index: int) -> None:
        state = self.record.runs[index].state
        before = self._states.get(index)
        if before is not None:
            self._counts[before] -= 1
        self._counts[state] += 1
        self._states[index] = state

    def _end_lines(self, run: RunRecord) -> list[tuple[str, str]]:
        line = self.end_line(run, self._differing.names)
        return [(STATES[run.state].terminal, line)]

    @property
    def n_ended(self) -> int:
        return sum(n for state, n in self._counts.items() if state in ENDS)

    def counts(self) -> str:
        counts = self._counts
        noted = [state for state in STATES if state in BEGUN]
        paused = ["paused"] if self.record.is_paused else []
        shown = [f"{counts[state]} {STATES[state].word}" for state in noted if counts[state]]
        return ", ".join([f"{self.n_ended}/{self.n_runs} runs", *paused, *shown])

    def time_left(self) -> str:
        """Return how much longer the sweep will take. Empty once it is over."""
        if self.record.ended_at is not None or self.n_ended >= self.n_runs:
            return ""
        left_s = seconds_left(self.record, self.n_runs, time.time())
        return "time left unknown" if left_s is None else f"{format_duration(left_s)} left"

    def best_line(self) -> str:
        if self.record.aims.objectives:
            return printable_line(front_line(self.record))
        best = self.record.best
        if best is None:
            return ""
        value = format_number(best.best_value)
        combination = format_combination(best.hyperparameters)
        return printable_line(f"best {self.metric} {value} · run {best.index} · {combination}")


def _quoted_lines(text: str) -> str:
    """Return the first line of a text, and under it the lines of an output that it quotes."""
    return "\n  | ".join(map(printable_line, text.split("\n  | ")))


class PlainProgress:
    """Prints lines only, for a log file or a pipe."""

    def __init__(self, text: ProgressText, out: TextIO) -> None:
        self._text = text
        self._out: TextIO | None = out

    def on_event(self, event: Event) -> None:
        for _, line in self._text.take_in(event):
            counts = f"  [{self._text.counts()}]" if event["event"] == "ended" else ""
            self._print(line + counts)

    def close(self) -> None:
        return

    def _print(self, line: str) -> None:
        if self._out is None:
            return
        try:
            print(line, file=self._out, flush=True)
        except (
            OSError
        ):  # nobody reads the output any more. The sweep continues, and the journal has everything
            self._out = None


class TerminalProgress:
    """A live bar at the bottom of the terminal, with lines above it."""

    def __init__(self, text: ProgressText, out: TextIO) -> None:
        self._text = text
        self._out = out
        self._live: Live | None = None

    def on_event(self, event: Event) -> None:
        lines = self._text.take_in(event)
        if event["event"] == "started" and self._live is None:
            self._live = _open_live(self._text, self._out)
        for style, line in lines:
            self._print(style, line)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()

    def _print(self, style: str, line: str) -> None:
        if self._live is None:
            print(line, file=self._out)
            return
        from rich.text import Text

        self._live.console.print(Text(line, style=style), soft_wrap=True)


def _open_live(text: ProgressText, out: TextIO) -> "Live":
    """Return the bar. rich is imported once the first run has started."""
    from rich.console import Console, Group, RenderableType
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    def render() -> RenderableType:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(ratio=1)
        table.add_column(no_wrap=True)
        facts = " · ".join(filter(None, [text.counts(), text.time_left()]))
        table.add_row(ProgressBar(text.n_runs, text.n_ended), Text(facts))
        best = Text(text.best_line(), style="bold", no_wrap=True, overflow="ellipsis")
        return Group(table, best) if best else table

    live = Live(
        get_renderable=render,
        console=Console(file=out),
        refresh_per_second=4,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    live.start()
    return live
