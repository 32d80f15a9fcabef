"""The command that follows a sweep running in another process."""

import argparse
import copy
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ml_tracking_ops.logger import paths

from ...errors import UsageError
from ...reports.summary import summary_of
from ...store.catalog import Catalog, find_item
from ...store.combinations import confirming_runs_of, seed_name_of
from ...store.journal import JournalTail
from ...store.run_states import ENDS
from ...store.sweep_folder import Sweep
from ...store.sweep_record import SweepRecord
from ..terminal.json_lines import JsonProgress, print_line
from ..terminal.progress import ProgressDisplay, open_progress
from ..terminal.summary import exit_code_of, print_summary
from ..terminal.words import print_message, short_path

if TYPE_CHECKING:
    from ...reports.printed_events import OpenedEvent

_LOOK_S = 0.2


def find_followed_sweep(path: str | None, logdir: Path) -> Sweep:
    """Find the sweep to follow, by default the newest that is running.

    Raises:
        UsageError: there is none.
    """
    if path is not None:
        found = find_item(path, logdir)
        if isinstance(found, Sweep):
            return found
        raise UsageError(f"{path} is not a sweep")
    going = [s for s in Catalog(logdir).sweeps.values() if s.record.state == "running"]
    if not going:
        raise UsageError(f"no sweep is running in {logdir}/. Name one (see: ml-tracking-ops list)")
    return going[0]


def follow(sweep: Sweep, *, is_json: bool = False, is_verbose: bool = False) -> SweepRecord:
    """Show a sweep's progress until it ends, and return its state.

    If its orchestrator stops unexpectedly, the state is `lost`.
    """
    tail = JournalTail(sweep.path / paths.JOURNAL_NAME)
    if is_json:
        print_line(describe_opened(sweep))
        _show(tail, sweep, JsonProgress())
        return sweep.record
    past = SweepRecord(goal=sweep.optimization_goal, aims=sweep.aims)
    for event in tail.read():
        past.apply(event)
    n_runs = past.max_runs or int(sweep.config.get("max_runs") or 0)
    n_runs += confirming_runs_of(sweep.config)
    progress = open_progress(
        n_runs,
        sweep.optimization_goal,
        sweep.optimization_metric,
        begun=copy.deepcopy(past),
        is_verbose=is_verbose,
    )
    try:
        _show(tail, sweep, progress)
    finally:
        progress.close()
    return sweep.record


def describe_opened(sweep: Sweep) -> "OpenedEvent":
    """Return the first event of `--json`, which names the sweep."""
    record = sweep.record
    return {
        "event": "sweep",
        "name": sweep.name,
        "folder": str(sweep.path.resolve()),
        "n_runs": record.max_runs or int(sweep.config.get("max_runs") or 0),
        "n_workers": record.n_workers or sweep.description.get("n_workers"),
        "seed": sweep.seed,
        "metric": sweep.optimization_metric,
        "goal": sweep.optimization_goal,
        "pid": record.pid,
    }


def _show(tail: JournalTail, sweep: Sweep, progress: ProgressDisplay) -> None:
    while True:
        sweep.refresh()
        has_ended = sweep.record.state in ENDS
        for event in tail.read():
            progress.on_event(event)
        if has_ended:
            return
        time.sleep(_LOOK_S)


def attach(options: argparse.Namespace) -> int:
    sweep = find_followed_sweep(options.sweep, options.logdir)
    state = "paused" if sweep.record.is_paused else sweep.record.state
    print_message(f"sweep {short_path(sweep.path)} is {state}  (Ctrl-C ends only this command)")
    try:
        record = follow(sweep, is_json=options.json, is_verbose=options.verbose)
    except KeyboardInterrupt:
        print_message(f"the sweep is still running. Stop it with: kill {sweep.record.pid}")
        return 0
    if options.json:
        metric, goal = sweep.optimization_metric, sweep.optimization_goal
        code = exit_code_of(record)
        print_line(summary_of(record, sweep.path, metric, goal, code))
        return code
    return print_summary(
        record,
        sweep.path,
        sweep.optimization_metric,
        sweep.optimization_goal,
        seed_name_of(sweep.config),
    )
