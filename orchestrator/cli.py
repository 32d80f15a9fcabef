"""The command line: arguments, printing and exit codes; nowhere else."""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from .arguments import EXIT_USAGE, parse
from .errors import TrackingError, UsageError
from .printing import print_json, print_run, print_sweep, print_table, say, shown

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code (0 done, 1 failed, 2 wrong usage, 130 Ctrl-C)."""
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        return _COMMANDS[options.command](options)
    except TrackingError as error:
        print(f"ml-tracking-ops: {error}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE
    except BrokenPipeError:
        # whoever read the output is gone; keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


# --- sweep -------------------------------------------------------------------------------------


def _sweep(options: argparse.Namespace) -> int:
    from .config import load_config

    loaded = load_config(options.config)
    for note in loaded.notes:
        say(f"note: {note}")
    if options.dry_run:
        return _dry_run(loaded, options)
    if not options.web:
        return _run_sweep(loaded, options)
    with _dashboard(options) as url:
        say(f"dashboard: {url}")
        return _run_sweep(loaded, options)


def _run_sweep(loaded: Any, options: argparse.Namespace) -> int:
    import anyio

    from .progress import open_progress
    from .signals import obey_signals
    from .sweep import Sweep, SweepResult

    config = loaded.config
    sweep = Sweep(loaded, options.logdir, n_workers=options.workers, seed=options.seed,
                  notify=lambda event: progress.on_event(event))  # fmt: skip
    say(f"sweep {shown(sweep.folder)}: {sweep.most_runs} runs, {sweep.n_workers} at once, "
         f"seed {sweep.seed}")  # fmt: skip
    progress = open_progress(sweep.most_runs, config.optimization_goal, config.optimization_metric)

    async def run() -> SweepResult:
        async with anyio.create_task_group() as tasks:
            await tasks.start(obey_signals, sweep, say)
            result = await sweep.run()
            tasks.cancel_scope.cancel()
        return result

    try:
        result = anyio.run(run)
    finally:
        progress.close()
    return _report(result, config)


def _report(result: Any, config: Any) -> int:
    from .progress import format_combination

    state = result.state
    counts = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in state.counts.items())
    why = f" ({state.reason})" if state.reason else ""
    say(f"sweep {state.status}{why}: {counts or 'no run was started'}")
    if state.status == "failed":
        _print_failure(state)
    if result.best is not None:
        best = result.best
        print(f"best run: {best.name}  {config.optimization_metric}={best.best_value:.6g} "
              f"at step {best.best_step}  {format_combination(best)}")  # fmt: skip
    if config.repeats is not None:
        _print_best_mean(result.runs, config)
    print(f"look at it: ml-tracking-ops web --logdir {shown(result.folder.parent)}")
    if state.status == "killed":
        return EXIT_INTERRUPTED
    return 0 if state.status == "finished" else EXIT_FAILURE


def _print_best_mean(runs: Any, config: Any) -> None:
    """The best combination of a sweep with `repeats`, which one lucky run does not make."""
    from .combinations import best_combination, repeated_combinations

    combinations = repeated_combinations(runs, config.repeats.seed_name)
    best = best_combination(combinations, config.optimization_goal)
    if best is not None:
        spread = "" if best.spread is None else f" ± {best.spread:.3g}"
        values = ", ".join(f"{name}={value}" for name, value in best.hyperparameters.items())
        print(f"best combination: {config.optimization_metric}={best.mean:.6g}{spread} "
              f"in {len(best.values)} runs  {values}")  # fmt: skip


def _print_failure(state: Any) -> None:
    """The output of the run that failed first, since the others failed alike."""
    failed = next((run for run in state.runs.values() if run.output_tail), None)
    if failed is not None:
        say(f"the last lines of run {failed.name}:")
        for line in failed.output_tail:
            say(f"  | {line}")


def _dry_run(loaded: Any, options: argparse.Namespace) -> int:
    import shlex

    from .command import command_line
    from .preview import preview_runs
    from .sweep import choose_seed

    seed = choose_seed(options.seed, loaded)
    say(f"seed {seed}; nothing is started; the sweep's folder is named when it starts")
    folder = options.logdir.resolve() / "SWEEP"
    for index, hyperparameters in enumerate(preview_runs(loaded.config, seed, say), start=1):
        print(shlex.join(command_line(loaded, folder, f"RUN_{index}", hyperparameters)))
    return 0


@contextlib.contextmanager
def _dashboard(options: argparse.Namespace) -> Iterator[str]:
    """The dashboard in a process of its own, so that neither waits for the other."""
    from .dashboard import running_dashboard

    with running_dashboard(options.logdir, options.host, options.port) as url:
        yield url


# --- looking -----------------------------------------------------------------------------------


def _web(options: argparse.Namespace) -> int:
    from ml_tracking_ops.web.server import serve

    from .dashboard import exit_with_stdin

    def announce(url: str) -> None:
        print(f"ML Tracking Ops shows {options.logdir}/ at {url}  (Ctrl-C ends it)", flush=True)

    if options.exit_with_stdin:
        exit_with_stdin()
    serve(options.logdir, options.host, 5000 if options.port is None else options.port,
          take_next_free=options.port is None, on_ready=announce)  # fmt: skip
    return 0


def _list(options: argparse.Namespace) -> int:
    from .catalog import Catalog
    from .reports import describe_list, list_entries

    if not options.logdir.is_dir():
        raise UsageError(f"{options.logdir}: no such folder; name another with --logdir")
    entries = list_entries(Catalog(options.logdir))
    if options.json:
        print_json(entries)
    elif entries:
        print_table(("NAME", "KIND", "STATE", "RUNS", "BEST"), list(describe_list(entries)))
    else:
        say(f"{options.logdir}/ holds no experiment and no sweep yet")
    return 0


def _show(options: argparse.Namespace) -> int:
    from .catalog import Sweep, find
    from .reports import show_run, show_sweep

    found = find(options.path, options.logdir)
    with _log_errors():
        report = show_sweep(found) if isinstance(found, Sweep) else show_run(found)
    if options.json:
        print_json(report)
    elif isinstance(found, Sweep):
        print_sweep(report)
    else:
        print_run(report)
    return 0


def _export(options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reader import read_log

    from .catalog import Sweep, find
    from .reports import dat_path_of, run_columns, show_sweep, write_run_csv, write_sweep_csv

    found = find(options.path, options.logdir)
    with _log_errors(), _output(options.output) as out:
        if isinstance(found, Sweep) and options.format == "csv":
            write_sweep_csv(found, out)
        elif isinstance(found, Sweep):
            print_json(show_sweep(found), out)
        else:
            log = read_log(dat_path_of(found))
            if options.format == "csv":
                write_run_csv(log, out)
            else:
                print_json({"path": str(dat_path_of(found)), **run_columns(log)}, out)
    return 0


def _replay(options: argparse.Namespace) -> int:
    from .catalog import Sweep, find
    from .printing import print_replays
    from .replay_report import parse_rule, report_replays

    rules = [parse_rule(text) for text in options.rule]
    found = find(options.path, options.logdir)
    if not isinstance(found, Sweep):
        raise UsageError(f"{options.path} is no sweep: only a sweep can be replayed")
    report = report_replays(found, rules, options.metric, options.goal)
    if options.json:
        print_json(report)
    else:
        print_replays(report)
    return 0


@contextlib.contextmanager
def _log_errors() -> Iterator[None]:
    """A log that is missing or no log at all is the user's to mend."""
    from ml_tracking_ops.logger.reader import LogFormatError

    try:
        yield
    except (FileNotFoundError, LogFormatError) as error:
        raise UsageError(str(error)) from None


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[TextIO]:
    """stdout, or a file that appears whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _schema(options: argparse.Namespace) -> int:
    from .config import json_schema

    print_json(json_schema())
    return 0


def _demo(options: argparse.Namespace) -> int:
    from .dashboard import wait_until_interrupted
    from .demo import load_demo

    loaded = load_demo()
    options.seed = None
    with _dashboard(options) as url:
        print(f"dashboard: {url}", flush=True)
        code = _run_sweep(loaded, options)
        if code == 0 and sys.stdin.isatty() and sys.stdout.isatty():
            print(f"the dashboard stays up at {url}  (Ctrl-C ends it)")
            wait_until_interrupted()
    return code


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "sweep": _sweep,
    "web": _web,
    "list": _list,
    "show": _show,
    "export": _export,
    "replay": _replay,
    "demo": _demo,
    "schema": _schema,
}


if __name__ == "__main__":
    sys.exit(main())
