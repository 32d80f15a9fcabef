"""The command that waits for a sweep, for scripts and agents."""

import argparse

from ...reports.conditions import wait_for
from ...reports.summary import summary_of
from ...store.run_states import counts_text
from ...store.sweep_folder import Sweep
from ..process import EXIT_FAILURE, EXIT_TIMEOUT
from ..terminal.json_lines import print_line
from ..terminal.words import format_number, print_message
from .attach import find_followed_sweep

_EXIT_CODES = {"met": 0, "ended": EXIT_FAILURE, "timed_out": EXIT_TIMEOUT}


def wait(options: argparse.Namespace) -> int:
    sweep = find_followed_sweep(options.sweep, options.logdir)
    outcome = wait_for(sweep, options.until, options.timeout)
    code = _EXIT_CODES[outcome]
    if options.json:
        metric, goal = sweep.optimization_metric, sweep.optimization_goal
        summary = summary_of(sweep.record, sweep.path, metric, goal, code)
        print_line({**summary, "is_met": outcome == "met"})
    else:
        words = {"met": "is met", "ended": "is not met", "timed_out": "is not met yet"}[outcome]
        print_message(f"{options.until} {words}: {_state_text(sweep)}")
    return code


def _state_text(sweep: Sweep) -> str:
    record, best = sweep.record, sweep.record.best
    counts = counts_text(record.counts) or "no run was started"
    value = "" if best is None else f", best {format_number(best.best_value)}"
    return f"sweep {sweep.name} is {record.state} ({counts}){value}"
