"""The command line: arguments, printing and exit codes; nowhere else."""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

from ml_tracking_ops.logger import paths

from .errors import TrackingError, UsageError

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_DESCRIPTION = "Hyperparameter sweeps and experiment tracking on your own machine."
_SEED_FORMS = """\
without a command:
  ml-tracking-ops --logdir=runs                  the same as: ml-tracking-ops web
  ml-tracking-ops --run_sweep=True --logdir=runs the same as: ml-tracking-ops sweep
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code (0 done, 1 failed, 2 wrong usage, 130 Ctrl-C)."""
    try:
        options = _parse(sys.argv[1:] if arguments is None else arguments)
        return int(options.command(options))
    except TrackingError as error:
        print(f"ml-tracking-ops: {error}", file=sys.stderr)
        return EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE
    except BrokenPipeError:
        # whoever read the output is gone; keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    if arguments and not arguments[0].startswith("-"):
        return _command_parser().parse_args(arguments)
    if not any(argument in ("-h", "--help", "--version") for argument in arguments):
        return _seed_parser().parse_args(arguments)
    return _command_parser().parse_args(arguments)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def _seed_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="ml-tracking-ops", allow_abbrev=False)
    parser.add_argument("--run_sweep", type=_boolean, default=False, metavar="True|False")
    _add_web_options(parser)
    parser.set_defaults(command=_seed_command, config=Path(paths.CONFIG_NAME), workers=None,
                        seed=None, web=False, dry_run=False)  # fmt: skip
    return parser


def _seed_command(options: argparse.Namespace) -> int:
    return _sweep(options) if options.run_sweep else _web(options)


def _command_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ml-tracking-ops", description=_DESCRIPTION, epilog=_SEED_FORMS, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = _adder(commands)

    sweep = add("sweep", _sweep, "run a hyperparameter sweep")
    sweep.add_argument("config", nargs="?", type=Path, default=Path(paths.CONFIG_NAME),
                       metavar="CONFIG", help="default: experiment_cfg.json")  # fmt: skip
    _add_sweep_options(sweep)
    sweep.add_argument("--seed", type=_whole, help="determines every combination")
    sweep.add_argument("--web", action="store_true", help="show the dashboard meanwhile")
    sweep.add_argument("--dry-run", action="store_true",
                       help="print the commands that would run, and run none")  # fmt: skip
    _add_address(sweep)

    _add_web_options(add("web", _web, "show the dashboard"))

    listing = add("list", _list, "list experiments and sweeps")
    _add_logdir(listing)
    listing.add_argument("--json", action="store_true")

    show = add("show", _show, "show a sweep, an experiment or a run")
    show.add_argument("path", metavar="PATH", help="a folder, a .dat, or a name that list prints")
    _add_logdir(show)
    show.add_argument("--json", action="store_true")

    export = add("export", _export, "write a run's points or a sweep's table")
    export.add_argument("path", metavar="PATH", help="a folder, a .dat, or a name that list prints")
    export.add_argument("--format", choices=("csv", "json"), default="csv")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: stdout")
    _add_logdir(export)

    demo = add("demo", _demo, "a real sweep on real data, with the dashboard")
    _add_sweep_options(demo)
    _add_address(demo)

    add("schema", _schema, "print the JSON Schema of experiment_cfg.json")
    return parser


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from .description import package_version

        print(f"ml-tracking-ops {package_version()}")
        parser.exit()


def _adder(commands: Any) -> Callable[..., argparse.ArgumentParser]:
    def add(name: str, command: Callable[..., int], text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        parser.set_defaults(command=command)
        return parser

    return add


def _add_logdir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logdir", type=Path, default=Path("runs"), help="default: runs")


def _add_sweep_options(parser: argparse.ArgumentParser) -> None:
    _add_logdir(parser)
    parser.add_argument("--workers", type=_count, metavar="N",
                        help="runs at once; default: one for each GPU, else each CPU")  # fmt: skip


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=_port, help="default: 5000, or the next free one")


def _add_web_options(parser: argparse.ArgumentParser) -> None:
    _add_logdir(parser)
    _add_address(parser)
    parser.add_argument("--exit-with-stdin", action="store_true", help=argparse.SUPPRESS)


def _boolean(text: str) -> bool:
    values = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in values:
        raise argparse.ArgumentTypeError(f"must be True or False, got {text!r}")
    return values[text.lower()]


def _whole(text: str, least: int = 0, most: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least or (most is not None and number > most):
        limit = f"{least} or more" if most is None else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"must be a whole number, {limit}; got {text!r}")
    return number


def _count(text: str) -> int:
    return _whole(text, least=1)


def _port(text: str) -> int:
    return _whole(text, most=65535)


# --- sweep -------------------------------------------------------------------------------------


def _sweep(options: argparse.Namespace) -> int:
    from .config import load_config

    loaded = load_config(options.config)
    if options.dry_run:
        return _dry_run(loaded, options)
    if not options.web:
        return _run_sweep(loaded, options)
    with _dashboard(options) as url:
        _say(f"dashboard: {url}")
        return _run_sweep(loaded, options)


def _run_sweep(loaded: Any, options: argparse.Namespace) -> int:
    import anyio

    from .progress import open_progress
    from .signals import obey_signals
    from .sweep import Sweep, SweepResult

    config = loaded.config
    sweep = Sweep(loaded, options.logdir, n_workers=options.workers, seed=options.seed,
                  notify=lambda event: progress.on_event(event))  # fmt: skip
    _say(f"sweep {_shown(sweep.folder)}: {config.max_runs} runs, {sweep.n_workers} at once, "
         f"seed {sweep.seed}")  # fmt: skip
    progress = open_progress(config.max_runs, config.optimization_goal, config.optimization_metric)

    async def run() -> SweepResult:
        async with anyio.create_task_group() as tasks:
            await tasks.start(obey_signals, sweep, _say)
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
    _say(f"sweep {state.status}{why}: {counts or 'no run was started'}")
    if state.status == "failed":
        _print_failure(state)
    if result.best is not None:
        best = result.best
        print(f"best run: {best.name}  {config.optimization_metric}={best.best_value:.6g} "
              f"at step {best.best_step}  {format_combination(best)}")  # fmt: skip
    print(f"look at it: ml-tracking-ops web --logdir {_shown(result.folder.parent)}")
    if state.status == "killed":
        return EXIT_INTERRUPTED
    return 0 if state.status == "finished" else EXIT_FAILURE


def _print_failure(state: Any) -> None:
    """The output of the run that failed first, since the others failed alike."""
    failed = next((run for run in state.runs.values() if run.output_tail), None)
    if failed is not None:
        _say(f"the last lines of run {failed.name}:")
        for line in failed.output_tail:
            _say(f"  | {line}")


def _dry_run(loaded: Any, options: argparse.Namespace) -> int:
    import shlex

    from .samplers import RandomSampler
    from .scheduler import command_line
    from .sweep import choose_seed

    config = loaded.config
    seed = choose_seed(options.seed, loaded)
    sampler = RandomSampler(config.hyperparameters, seed)
    _say(f"seed {seed}; nothing is started; the sweep's folder is named when it starts")
    for index in range(1, config.max_runs + 1):
        folder = options.logdir.resolve() / "SWEEP"
        print(shlex.join(command_line(loaded.script, folder, sampler.combination(index))))
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
        _print_json(entries)
    elif entries:
        _print_table(("NAME", "KIND", "STATE", "RUNS", "BEST"), list(describe_list(entries)))
    else:
        _say(f"{options.logdir}/ holds no experiment and no sweep yet")
    return 0


def _show(options: argparse.Namespace) -> int:
    from .catalog import Sweep, find
    from .reports import show_run, show_sweep

    found = find(options.path, options.logdir)
    with _log_errors():
        report = show_sweep(found) if isinstance(found, Sweep) else show_run(found)
    if options.json:
        _print_json(report)
    elif isinstance(found, Sweep):
        _print_sweep(report)
    else:
        _print_run(report)
    return 0


def _print_sweep(report: dict[str, Any]) -> None:
    counts = ", ".join(f"{n} {state}" for state, n in report["counts"].items())
    why = f" ({report['reason']})" if report["reason"] else ""
    print(f"{report['name']}: {report['state']}{why}; {counts}; seed {report['seed']}")
    names = list(dict.fromkeys(n for run in report["runs"] for n in run["hyperparameters"]))
    rows = [
        (
            str(run["index"]), run["name"] or "", run["state"],
            *(_short(run["hyperparameters"].get(name)) for name in names),
            _short(run["best_value"]), _short(run["best_step"]), run["reason"] or "",
        )
        for run in report["runs"]
    ]  # fmt: skip
    metric = (report["optimization_metric"] or "best").upper()
    _print_table(("RUN", "NAME", "STATE", *names, metric, "AT STEP", "REASON"), rows)
    if report["best"]:
        print(f"best: {report['best']}")


def _print_run(report: dict[str, Any]) -> None:
    print(f"{report['name']}: {report['state']}")
    if report["n_damaged_records"]:
        print(f"damaged records skipped: {report['n_damaged_records']}")
    columns = ("count", "first_step", "last_step", "last", "min", "max")
    rows = [
        (name, *(_short(entry[column]) for column in columns))
        for name, entry in report["metrics"].items()
    ]
    _print_table(("METRIC", "COUNT", "FIRST STEP", "LAST STEP", "LAST", "MIN", "MAX"), rows)


def _export(options: argparse.Namespace) -> int:
    from ml_tracking_ops.logger.reader import read_log

    from .catalog import Sweep, find
    from .reports import dat_path_of, run_columns, show_sweep, write_run_csv, write_sweep_csv

    found = find(options.path, options.logdir)
    with _log_errors(), _output(options.output) as out:
        if isinstance(found, Sweep) and options.format == "csv":
            write_sweep_csv(found, out)
        elif isinstance(found, Sweep):
            _print_json(show_sweep(found), out)
        else:
            log = read_log(dat_path_of(found))
            if options.format == "csv":
                write_run_csv(log, out)
            else:
                _print_json({"path": str(dat_path_of(found)), **run_columns(log)}, out)
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

    _print_json(json_schema())
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


# --- printing ----------------------------------------------------------------------------------


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _print_json(data: Any, out: TextIO | None = None) -> None:
    json.dump(data, sys.stdout if out is None else out, ensure_ascii=False, allow_nan=False)
    print(file=out)


def _short(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    cells = [list(head), *([cell.replace("\n", " ") for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
