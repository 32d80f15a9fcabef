"""The commands that run something: sweep, demo and run."""

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_tracking_ops.logger import paths

from ...errors import TrackingError, UsageError
from ...executors.local.supervisor_process import discard_supervisor, start_supervisor_ahead
from ...executors.local.systems import refuse_windows
from ...store.files.run_refs import LOCAL
from ..process import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    collect_garbage_from_now_on,
    without_pydantic_plugins,
)
from ..terminal.words import print_message, short_path
from .notices import check_addresses

if TYPE_CHECKING:
    from ...config.model import SweepConfig
    from ...reports.printed_events import OpenedEvent
    from ...running.sweep_result import SweepResult
    from ...store.journal import Event
    from ...sweep import OpenSweep
    from ..detach import StartReport
    from ..terminal.progress import ProgressDisplay


def sweep(options: argparse.Namespace) -> int:
    if options.resume is not None and (options.config or options.seed is not None):
        raise UsageError(
            "a sweep that is resumed keeps its configuration and its seed: "
            "leave out CONFIG and --seed"
        )
    if options.resume is not None and options.check:
        raise UsageError("--check needs a configuration. Leave out --resume")
    if options.dry_run:
        from .dry_run import print_commands

        return print_commands(_load(options), options)
    if options.check:
        return _check(_load(options), options)
    refuse_windows()
    if options.resume and not _may_resume(options):
        return EXIT_FAILURE
    open_sweep = _resumed_sweep(options) if options.resume else _load_new_sweep(options)
    check_addresses(options.notify)
    return (_sweep_in_background if options.detach else _sweep_here)(open_sweep, options)


def _check(loaded: Any, options: argparse.Namespace) -> int:
    """Report whether a sweep could start, and start nothing. Mistakes were raised before."""
    from ...executors.registry import ask_engine
    from ...search.proposals import Proposer

    Proposer(loaded.search_plan, loaded.config.seed or 0, options.workers or 1)
    engine = str(loaded.config.executor["type"])
    _announce_engine(loaded.config)
    answer = ask_engine(loaded.config.executor, loaded.folder, options.logdir)
    print("the configuration has no mistakes")
    if answer is not None:
        print(f"{engine}: {answer}")
    return 0


def _announce_engine(config: "SweepConfig") -> None:
    """Print where a cluster is expected: if nothing is there, it takes a while to be sure."""
    address = config.executor.get("address")
    if address is not None:
        print_message(f"connecting to {config.executor['type']} at {address}")


def _may_resume(options: argparse.Namespace) -> bool:
    """Return whether the user agrees to run a sweep that may come from somebody else."""
    from ...running.foreign_sweeps import resume_question
    from .actions import confirm

    question = resume_question(options.resume, options.logdir)
    return question is None or confirm(question, options.yes)


def _resumed_sweep(options: argparse.Namespace) -> Any:
    """Return a function that opens a sweep again, given the notification."""
    from ...sweep import OpenSweep

    return partial(
        OpenSweep.resume,
        options.resume,
        options.logdir,
        n_workers=options.workers,
        max_runs=options.max_runs,
    )


def _load_new_sweep(options: argparse.Namespace) -> Any:
    """Return a function that opens a new sweep. Its supervisor starts while the configuration is
    read."""
    if not options.detach:  # before imports that fork this process
        start_supervisor_ahead()
    loaded = _load(options)
    if loaded.config.executor["type"] != LOCAL:
        discard_supervisor()
    return _new_sweep(loaded, options)


def _new_sweep(loaded: Any, options: argparse.Namespace) -> Any:
    """Return a function that opens a new sweep, given the notification."""
    from ...sweep import OpenSweep

    check_addresses(loaded.config.notify)
    return partial(OpenSweep, loaded, options.logdir, n_workers=options.workers, seed=options.seed)


def _load(options: argparse.Namespace) -> Any:
    with without_pydantic_plugins():
        from ...config.loading import load_config

        loaded = load_config(options.config or Path(paths.CONFIG_NAME))
    from ...commands.secrets import exposure_warning
    from ...reports.similar_sweeps import similar_sweep

    if options.max_runs is not None:
        loaded = loaded.with_max_runs(options.max_runs)
    for note in loaded.remarks:
        print_message(f"note: {note}")
    if (similar := similar_sweep(loaded.config, options.logdir)) is not None:
        print_message(
            f"note: no rule stops runs early. See which one would have saved most in {similar}: "
            + _replay_command(similar, options.logdir)
        )
    exposed = exposure_warning(loaded.config.command, list(loaded.config.hyperparameters))
    if exposed is not None:
        print_message(f"warning: {exposed}")
    return loaded


def _replay_command(sweep: str, logdir: Path) -> str:
    """Return the command that suggests a rule from a sweep in a log folder."""
    command = ["ml-tracking-ops", "replay", sweep, "--suggest"]
    return shlex.join(command if logdir == Path("runs") else [*command, f"--logdir={logdir}"])


def _sweep_here(
    open_sweep: Any, options: argparse.Namespace, report: "StartReport | None" = None
) -> int:
    if not options.web:
        return _run_sweep(open_sweep, options, report)
    from .dashboard import sweep_page_url

    with _dashboard(options) as url:
        print_message(f"dashboard: {url}")

        def announce_page(folder: Path) -> None:
            print_message(f"see the sweep: {sweep_page_url(url, folder.name)}")

        code = _run_sweep(open_sweep, options, report, announce_page)
        if not options.json:
            _stay_up(url, code)
    return code


def _stay_up(url: str, code: int) -> None:
    """Keep the dashboard up after a sweep, if somebody is there to look."""
    from .dashboard import wait_until_interrupted

    if code != EXIT_INTERRUPTED and sys.stdin.isatty() and sys.stdout.isatty():
        print(f"the dashboard stays up at {url}  (Ctrl-C ends it)")
        wait_until_interrupted()


def _sweep_in_background(open_sweep: Any, options: argparse.Namespace) -> int:
    from ..detach import BackgroundSweep, go_into_background

    is_json, options.json = options.json, False  # its orchestrator.log is for people to read
    split = go_into_background()
    if not isinstance(split, BackgroundSweep):
        return _sweep_here(open_sweep, options, split)
    folder = split.wait_for_start()
    if folder is None:
        return split.wait()
    if is_json:
        from ..terminal.json_lines import print_line
        from .attach import describe_opened, find_followed_sweep

        opened = describe_opened(find_followed_sweep(str(folder), options.logdir))
        n_workers = options.workers or opened["n_workers"]
        print_line({**opened, "n_workers": n_workers, "pid": split.pid})
        return 0
    print_message(
        f"sweep {short_path(folder)} runs in the background. Stop it with: kill {split.pid}"
    )
    print(f"see its progress: ml-tracking-ops attach {short_path(folder)}")
    return 0


def _run_sweep(
    open_sweep: Any,
    options: argparse.Namespace,
    report: "StartReport | None" = None,
    announce: Callable[[Path], None] | None = None,
) -> int:
    from ..detach import outlive_terminal
    from .notices import open_notices

    outlive_terminal()
    progress: ProgressDisplay

    def on_event(event: "Event") -> None:
        progress.on_event(event)
        notices.on_event(event)
        if report is not None and event["event"] == "sweep_started":
            report.started()

    sweep: OpenSweep = open_sweep(notify=on_event)
    notices = open_notices(sweep, options.notify)
    n_runs = f"{sweep.most_runs} run{'' if sweep.most_runs == 1 else 's'}"
    print_message(
        f"sweep {short_path(sweep.folder)}: {n_runs}, {sweep.n_workers} at once, seed {sweep.seed}"
    )
    _announce_engine(sweep.config)
    if announce is not None:
        announce(sweep.folder)
    if report is not None:
        report.announce(sweep.folder)
    progress = _progress_of(sweep, is_json=options.json, is_verbose=options.verbose)
    collect_garbage_from_now_on()
    try:
        result = _wait_for_end(sweep)
    finally:
        progress.close()
        notices.close()
    return _summarize(result, sweep.config, is_json=options.json)


def _summarize(result: "SweepResult", config: "SweepConfig", *, is_json: bool) -> int:
    """Print how a sweep ended, and return the exit code."""
    from ..terminal.summary import exit_code_of, print_summary

    record, metric, goal = result.record, config.optimization_metric, config.optimization_goal
    if is_json:
        from ...reports.summary import summary_of
        from ..terminal.json_lines import print_line

        code = exit_code_of(record)
        print_line(summary_of(record, result.folder, metric, goal, code))
        return code
    seed_name = None if config.repeats is None else config.repeats.seed_name
    return print_summary(record, result.folder, metric, goal, seed_name)


def _progress_of(sweep: "OpenSweep", *, is_json: bool, is_verbose: bool) -> "ProgressDisplay":
    if is_json:
        from ..terminal.json_lines import JsonProgress, print_line

        print_line(_opened(sweep))
        return JsonProgress()
    from ..terminal.progress import open_progress

    return open_progress(
        sweep.most_runs,
        sweep.config.optimization_goal,
        sweep.config.optimization_metric,
        begun=sweep.record,
        is_verbose=is_verbose,
        is_folded=True,
    )


def _opened(sweep: "OpenSweep") -> "OpenedEvent":
    return {
        "event": "sweep",
        "name": sweep.folder.name,
        "folder": str(sweep.folder.resolve()),
        "n_runs": sweep.most_runs,
        "n_workers": sweep.n_workers,
        "seed": sweep.seed,
        "metric": sweep.config.optimization_metric,
        "goal": sweep.config.optimization_goal,
        "pid": os.getpid(),
    }


def _wait_for_end(sweep: "OpenSweep") -> "SweepResult":
    """Run the sweep, and handle signals meanwhile."""
    import anyio

    from ..signals import obey_signals

    async def run() -> "SweepResult | TrackingError":
        async with anyio.create_task_group() as tasks:
            await tasks.start(obey_signals, sweep, print_message)
            try:
                result: SweepResult | TrackingError = await sweep.run()
            except TrackingError as error:  # the group would raise a group of errors
                result = error
            tasks.cancel_scope.cancel()
        return result

    result = anyio.run(run)
    if isinstance(result, TrackingError):
        raise result
    return result


@contextlib.contextmanager
def _dashboard(options: argparse.Namespace) -> Iterator[str]:
    """Run the dashboard in a process of its own, so that neither waits for the other."""
    from .dashboard import dashboard_arguments, running_dashboard

    arguments = dashboard_arguments(options)
    with running_dashboard(arguments) as url:
        yield url


def demo(options: argparse.Namespace) -> int:
    from ...demo import load_demo

    refuse_windows()
    loaded = load_demo()
    options.seed, options.json = None, False
    with _dashboard(options) as url:
        print(f"dashboard: {url}", flush=True)
        code = _run_sweep(_new_sweep(loaded, options), options)
        _stay_up(url, code)
    return code
