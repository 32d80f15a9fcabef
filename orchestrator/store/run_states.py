"""The states of runs and sweeps, listed only here.

Command line, pages, styles and scripts take the names of states, their look and their meaning for
the rest of a sweep from here. A new state needs its name in `RunState`, its entry in `STATES`, and
the code that brings a run into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

RunState = Literal[
    "pending",
    "queued",
    "running",
    "finished",
    "early_stopped",
    "paused",
    "failed",
    "killed",
    "lost",
]
RunEndState = Literal["finished", "early_stopped", "paused", "failed", "killed", "lost"]
SweepState = Literal["pending", "running", "finished", "failed", "killed", "lost"]
SweepEnd = Literal["finished", "failed", "killed"]
"""How an orchestrator ends a sweep. `lost` is found by others."""


@dataclass(frozen=True, slots=True)
class ThemeColors:
    """A colour in the light and in the dark theme."""

    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class StateFacts:
    """The properties of a state.

    Args:
        word: what people read.
        text: the colour of its word and icon. `fill`: of bars and points.
        icon: the elements of an SVG drawing, 16 by 16, in black.
        terminal: the colour in a terminal, as rich names it.
        is_end: no process is left, and none starts automatically.
        result_counts: the best value is one that samplers and sweeps may rely on.
        is_failure: the run itself failed. `requeue --failed` takes it.
        is_resumed: a resume runs it again.
        is_submitted: an engine has it: it takes a slot, can be stopped, and ends by itself.
    """

    word: str
    text: ThemeColors
    fill: ThemeColors
    icon: str
    terminal: str = "default"
    is_end: bool = False
    result_counts: bool = False
    is_failure: bool = False
    is_resumed: bool = False
    is_submitted: bool = False


def _lines(path: str, width: float = 2.2) -> str:
    ends = "stroke-linecap='round' stroke-linejoin='round'"
    return f"<path d='{path}' fill='none' stroke='#000' stroke-width='{width}' {ends}/>"


STATES: Mapping[RunState, StateFacts] = {
    "pending": StateFacts(
        word="waiting",
        text=ThemeColors("#667080", "#97a2b2"),
        fill=ThemeColors("#667080", "#97a2b2"),
        icon="<circle cx='8' cy='8' r='5.5' fill='none' stroke='#000' stroke-width='2'"
        " stroke-dasharray='2.6 3.2'/>",
    ),
    "queued": StateFacts(
        word="queued",
        text=ThemeColors("#4a6284", "#9db4d3"),
        fill=ThemeColors("#6f87a8", "#7c93b4"),
        icon="<circle cx='8' cy='8' r='5.8' fill='none' stroke='#000' stroke-width='1.8'/>"
        + _lines("M8 4.8V8l2.2 1.6", width=1.8),
        terminal="cyan",
        is_submitted=True,
    ),
    "running": StateFacts(
        word="running",
        text=ThemeColors("#1d5fd0", "#7fadff"),
        fill=ThemeColors("#4d86e8", "#5a92f0"),
        icon=_lines("M8 1.5a6.5 6.5 0 1 0 6.5 6.5"),
        terminal="blue",
        is_submitted=True,
    ),
    "finished": StateFacts(
        word="finished",
        text=ThemeColors("#1a7a44", "#5ccb8d"),
        fill=ThemeColors("#2f9e62", "#379b65"),
        icon=_lines("M2.5 8.5l3.8 3.8L13.5 4.5"),
        terminal="green",
        is_end=True,
        result_counts=True,
    ),
    "early_stopped": StateFacts(
        word="stopped early",
        text=ThemeColors("#96600a", "#e8b255"),
        fill=ThemeColors("#e0a030", "#c98f2b"),
        icon=_lines("M4 3.5v9M4 8h7M8.5 5l3 3-3 3M13.5 3.5v9", width=2),
        terminal="yellow",
        is_end=True,
        result_counts=True,
    ),
    "paused": StateFacts(
        word="paused",
        text=ThemeColors("#7a6a12", "#d9c860"),
        fill=ThemeColors("#b9a32f", "#a8942c"),
        icon=_lines("M5 3v10M11 3v10", width=2.8),
        terminal="yellow",
        is_end=True,
        result_counts=True,
    ),
    "failed": StateFacts(
        word="failed",
        text=ThemeColors("#c02a2a", "#ff8080"),
        fill=ThemeColors("#d64545", "#d95757"),
        icon=_lines("M3.5 3.5l9 9M12.5 3.5l-9 9"),
        terminal="red",
        is_end=True,
        is_failure=True,
    ),
    "killed": StateFacts(
        word="killed",
        text=ThemeColors("#8a4a3a", "#d7a192"),
        fill=ThemeColors("#a8776a", "#99695c"),
        icon="<rect x='3' y='3' width='10' height='10' rx='1.5'/>",
        terminal="magenta",
        is_end=True,
        is_resumed=True,
    ),
    "lost": StateFacts(
        word="lost",
        text=ThemeColors("#7448b8", "#bb9bf0"),
        fill=ThemeColors("#9a78d0", "#8a6bc0"),
        icon=_lines("M5 5.5a3 3 0 1 1 4.5 2.6C8.4 8.7 8 9.2 8 10.2", width=2)
        + "<circle cx='8' cy='13.3' r='1.3'/>",
        terminal="magenta",
        is_end=True,
        is_failure=True,
        is_resumed=True,
    ),
}
RUN_STATES: tuple[RunState, ...] = tuple(STATES)
"""All states, in the order in which lists and tables show them."""
ENDS = frozenset(state for state, facts in STATES.items() if facts.is_end)
RESULTS_THAT_COUNT = frozenset(state for state, facts in STATES.items() if facts.result_counts)
UNCOUNTED = ENDS - RESULTS_THAT_COUNT
"""States of runs that failed, were killed or lost: their best values are marked with that word."""
FAILURES = frozenset(state for state, facts in STATES.items() if facts.is_failure)
RESUMED = frozenset(state for state, facts in STATES.items() if facts.is_resumed)
SUBMITTED = frozenset(state for state, facts in STATES.items() if facts.is_submitted)
BEGUN: tuple[RunState, ...] = (*(state for state in STATES if state in ENDS), "running")
"""The states of runs that have started, ended ones first, as a progress bar shows them."""
SWEEP_ENDS: frozenset[SweepEnd] = frozenset(get_args(SweepEnd))


def counts_text(counts: Mapping[RunState, int]) -> str:
    """Return how many runs are in each state: ``3 finished, 1 failed``."""
    return ", ".join(f"{n} {STATES[state].word}" for state, n in counts.items())


def not_counted(state: RunState) -> str:
    """Return `` (failed)`` to put behind a best value that does not count, else an empty text."""
    return f" ({STATES[state].word})" if state in UNCOUNTED else ""
