"""The command line: arguments, printing and exit codes; nowhere else."""

import argparse
import contextlib
import errno
import gc
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from ml_tracking_ops.logger import paths
from ml_tracking_ops.logger.guarded import guard_folder

from ..errors import TrackingError, UsageError
from .arguments import EXIT_USAGE, parse
from .printing import say, shown, tell

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130


def run() -> NoReturn:
    """The console command: `main`, and out at once.

    Collecting garbage while modules are imported, and tearing them down one by one at the end,
    would take longer than the shortest runs do.
    """
    gc.disable()
    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or EXIT_FAILURE
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code (0 done, 1 failed, 2 wrong usage, 130 Ctrl-C)."""
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        if options.command not in ("sweep", "demo", "web"):
            gc.enable()  # the others do so once they have imported what they need
        if "logdir" in options:
            guard_folder(options.logdir)
        return _COMMANDS[options.command](options)
    except TrackingError as error:
        say(f"ml-tracking-ops: {error}")
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE
    except BrokenPipeError:
        # whoever read the output is gone; keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        say(f"ml-tracking-ops: {error.filename}: {error.strerror}")
        return EXIT_USAGE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


# --- sweep -------------------------------------------------------------------------------------


def _sweep(options: argparse.Namespace) -> int:
    if options.resume is not None and (options.config or options.seed is not None):
        raise UsageError(
            "a sweep that is resumed keeps its configuration and its seed: "
            "leave out CONFIG and --seed"
        )
    if options.dry_run:
        return _dry_run(options)
    open_sweep = _resumed_sweep(options) if options.resume else _new_sweep(_load(options), options)
    return (_sweep_in_background if options.detach else _sweep_here)(open_sweep, options)


def _resumed_sweep(options: argparse.Namespace) -> Any:
    """What opens a sweep again, given whom to notify."""
    from ..sweep import Sweep

    return partial(
        Sweep.resume,
        options.resume,
        options.logdir,
        n_workers=options.workers,
        max_runs=options.max_runs,
    )


def _new_sweep(loaded: Any, options: argparse.Namespace) -> Any:
    """What opens a new sweep, given whom to notify."""
    from ..sweep import Sweep

    return partial(Sweep, loaded, options.logdir, n_workers=options.workers, seed=options.seed)


def _load(options: argparse.Namespace) -> Any:
    from ..config.loading import load_config

    loaded = load_config(options.config or Path(paths.CONFIG_NAME))
    if options.max_runs is not None:
        loaded = loaded.with_max_runs(options.max_runs)
    for note in loaded.remarks:
        say(f"note: {note}")
    return loaded


def _sweep_here(open_sweep: Any, options: argparse.Namespace, announce: Any = None) -> int:
    if not options.web:
        return _run_sweep(open_sweep, announce)
    with _dashboard(options) as url:
        say(f"dashboard: {url}")
        code = _run_sweep(open_sweep, announce)
        _stay_up(url, code)
    return code


def _stay_up(url: str, code: int) -> None:
    """Leave the dashboard up after a sweep, where somebody is there to look."""
    from .dashboard import wait_until_interrupted

    if code != EXIT_INTERRUPTED and sys.stdin.isatty() and sys.stdout.isatty():
        print(f"the dashboard stays up at {url}  (Ctrl-C ends it)")
        wait_until_interrupted()


def _sweep_in_background(open_sweep: Any, options: argparse.Namespace) -> int:
    from .detach import BackgroundSweep, go_into_background

    split = go_into_background()
    if not isinstance(split, BackgroundSweep):
        return _sweep_here(open_sweep, options, announce=split)
    folder = split.wait_for_folder()
    if folder is None:
        return split.wait()
    say(f"sweep {shown(folder)} goes on in the background; kill {split.pid} ends it in order")
    print(f"see its progress: ml-tracking-ops attach {shown(folder)}")
    return 0


def _run_sweep(open_sweep: Any, announce: Any = None) -> int:
    import copy

    import anyio

    from ..sweep import Sweep, SweepResult
    from .progress import Progress, open_progress
    from .signals import obey_signals
    from .terminal import outlive_terminal

    outlive_terminal()
    progress: Progress
    sweep: Sweep = open_sweep(notify=lambda event: progress.on_event(event))
    config = sweep.config
    n_runs = f"{sweep.most_runs} run{'' if sweep.most_runs == 1 else 's'}"
    say(f"sweep {shown(sweep.folder)}: {n_runs}, {sweep.n_workers} at once, seed {sweep.seed}")
    if announce is not None:
        announce(sweep.folder)
    progress = open_progress(
        sweep.most_runs,
        config.optimization_goal,
        config.optimization_metric,
        begun=copy.deepcopy(sweep.record),
    )

    async def run() -> SweepResult:
        async with anyio.create_task_group() as tasks:
            await tasks.start(obey_signals, sweep, say)
            result = await sweep.run()
            tasks.cancel_scope.cancel()
        return result

    _collect_garbage_from_now_on()
    try:
        result = anyio.run(run)
    finally:
        progress.close()
    code = _report(result.record, result.folder, config.optimization_metric)
    if config.repeats is not None:
        _print_best_mean(result.runs, config)
    return code


def _collect_garbage_from_now_on() -> None:
    """… but not among the imported modules, which stay."""
    gc.freeze()
    gc.enable()


def _attach(options: argparse.Namespace) -> int:
    from .attach import find_sweep, follow

    sweep = find_sweep(options.sweep, options.logdir)
    state = "paused" if sweep.record.is_paused else sweep.record.state
    say(f"sweep {shown(sweep.path)} is {state}  (Ctrl-C leaves it as it is)")
    try:
        record = follow(sweep)
    except KeyboardInterrupt:
        say(f"the sweep goes on; kill {sweep.record.pid} ends it in order")
        return 0
    return _report(record, sweep.path, sweep.optimization_metric)


def _report(record: Any, folder: Path, metric: str | None) -> int:
    from ..store.run_states import RESUMED, STATES
    from .progress import format_combination

    counts = ", ".join(f"{n} {STATES[state].word}" for state, n in record.counts.items())
    why = f" ({record.reason})" if record.reason else ""
    say(f"sweep {record.state}{why}: {counts or 'no run was started'}")
    if record.state == "failed":
        _print_failure(record)
    if record.best is not None:
        best = record.best
        tell(
            f"best run: {best.name}  {metric}={best.best_value:.6g} "
            f"at step {best.best_step}  {format_combination(best)}"
        )
    print(f"look at it: ml-tracking-ops web --logdir {shown(folder.parent)}")
    if record.state in RESUMED:
        say(f"go on with it: ml-tracking-ops sweep --resume {shown(folder)}")
    if record.state == "killed":
        return EXIT_INTERRUPTED
    return 0 if record.state == "finished" else EXIT_FAILURE


def _print_best_mean(runs: Any, config: Any) -> None:
    """The best combination of a sweep with `repeats`, which one lucky run does not make."""
    from ..store.combinations import best_combination, repeated_combinations

    combinations = repeated_combinations(runs, config.repeats.seed_name)
    best = best_combination(combinations, config.optimization_goal)
    if best is not None:
        spread = "" if best.spread is None else f" ± {best.spread:.3g}"
        values = ", ".join(f"{name}={value}" for name, value in best.hyperparameters.items())
        tell(
            f"best combination: {config.optimization_metric}={best.mean:.6g}{spread} "
            f"in {len(best.values)} runs  {values}"
        )


def _print_failure(record: Any) -> None:
    """The output of the run that failed first, since the others failed alike."""
    failed = next((run for run in record.runs.values() if run.output_tail), None)
    if failed is not None:
        say(f"the last lines of run {failed.name}:")
        for line in failed.output_tail:
            say(f"  | {line}")


def _dry_run(options: argparse.Namespace) -> int:
    from ..commands.repeat import quoted
    from ..running.command import command_line
    from ..sweep import choose_seed
    from .preview import preview_runs

    loaded = _load(options)
    seed = choose_seed(options.seed, loaded)
    say(f"seed {seed}; nothing is started; the sweep's folder is named when it starts")
    folder = options.logdir.resolve() / "SWEEP"
    for index, hyperparameters in enumerate(preview_runs(loaded.config, seed, say), start=1):
        command = command_line(loaded, folder, f"RUN_{index}", hyperparameters)
        print(" ".join(map(quoted, command)))
    return 0


@contextlib.contextmanager
def _dashboard(options: argparse.Namespace) -> Iterator[str]:
    """The dashboard in a process of its own, so that neither waits for the other."""
    from .dashboard import dashboard_arguments, running_dashboard

    arguments = dashboard_arguments(options)
    with running_dashboard(arguments) as url:
        yield url


# --- looking -----------------------------------------------------------------------------------


def _web(options: argparse.Namespace) -> int:
    from ml_tracking_ops.web.server import serve

    from .dashboard import announce_dashboard, exit_with_stdin

    if options.logdir.exists() and not options.logdir.is_dir():
        raise UsageError(f"{options.logdir} is no folder; name one with --logdir")

    if options.exit_with_stdin:
        exit_with_stdin()
    _collect_garbage_from_now_on()
    port = 5000 if options.port is None else options.port
    serve(
        options.logdir,
        options.host,
        port,
        take_next_free=options.port is None,
        assets=options.assets,
        asks_token=not options.no_token,
        on_ready=lambda entrance: announce_dashboard(options.logdir, entrance),
    )
    return 0


def _assets(options: argparse.Namespace) -> int:
    from ml_tracking_ops.web.serving.asset_folder import fill_from_registry, fill_from_tarballs

    if options.sources and options.registry is not None:
        raise UsageError("--from takes tarballs on disk and asks no --registry: give one of them")
    if options.sources:
        packages = fill_from_tarballs(options.folder, options.sources)
    else:
        packages = fill_from_registry(options.folder, options.registry)
    print(f"{shown(options.folder)} holds {', '.join(packages)}; every hash is right")
    print(f"use it: ml-tracking-ops web --assets {shown(options.folder)}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from ..demo import load_demo

    loaded = load_demo()
    options.seed = None
    with _dashboard(options) as url:
        print(f"dashboard: {url}", flush=True)
        code = _run_sweep(_new_sweep(loaded, options))
        _stay_up(url, code)
    return code


def _of(module: str, name: str) -> Callable[[argparse.Namespace], int]:
    """A command of another module, which is imported where it is asked for."""

    def command(options: argparse.Namespace) -> int:
        function: Callable[[argparse.Namespace], int]
        function = getattr(importlib.import_module(f".{module}", __package__), name)
        return function(options)

    return command


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "sweep": _sweep,
    "attach": _attach,
    "web": _web,
    "assets": _assets,
    "list": _of("reports", "list_all"),
    "show": _of("reports", "show"),
    "export": _of("reports", "export"),
    "replay": _of("reports", "replay"),
    "metrics-preview": _of("metrics_preview", "metrics_preview"),
    "stop": _of("actions", "stop"),
    "pause": _of("actions", "pause"),
    "continue": _of("actions", "go_on"),
    "requeue": _of("actions", "requeue"),
    "workers": _of("actions", "workers"),
    "annotate": _of("actions", "annotate"),
    "archive": _of("actions", "put_into_archive"),
    "unarchive": _of("actions", "take_out_of_archive"),
    "delete": _of("actions", "delete_for_good"),
    "demo": _demo,
    "schema": _of("reports", "schema"),
}
