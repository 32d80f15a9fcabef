"""The command line's arguments."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .argument_types import boolean, condition, count, port, seconds, user_path, whole, workers
from .process import EXIT_USAGE

SHELLS = ("bash", "zsh", "fish")
_ONE = "a folder, a .dat, or a name that list prints"
_SWEEP = "a folder, or a name that list prints"
_DESCRIPTION = "Hyperparameter sweeps and experiment tracking on your own machine."
_SEED_FORMS = """\
without a command:
  ml-tracking-ops --logdir=runs                  the same as: ml-tracking-ops web
  ml-tracking-ops --run_sweep=True --logdir=runs the same as: ml-tracking-ops sweep
"""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command line; `command` names what is to be done.

    Wrong usage prints what is wrong and exits with code 2.
    """
    parser, commands = _command_parser()
    if arguments and arguments[0] == "run":
        return _parse_run(commands["run"], arguments[1:])
    if arguments and arguments[0] in commands:
        return commands[arguments[0]].parse_intermixed_args(arguments[1:])
    if arguments and not arguments[0].startswith("-"):
        return parser.parse_args(arguments)
    if not any(argument in ("-h", "--help", "--version") for argument in arguments):
        first = _Parser(prog="ml-tracking-ops", allow_abbrev=False, add_help=False)
        first.add_argument("--run_sweep", type=boolean, default=False, metavar="True|False")
        form, others = first.parse_known_args(arguments)
        return commands["sweep" if form.run_sweep else "web"].parse_intermixed_args(others)
    return parser.parse_args(arguments)


def command_parsers() -> Mapping[str, argparse.ArgumentParser]:
    """Return the parser of each command, for what is written from them: completion, reference."""
    return _command_parser()[1]


def _parse_run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """What comes after `--` is the program with its arguments, whatever they look like."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:split])
    options.program = list(arguments[split + 1 :])
    if not options.program:
        parser.error(
            "the program to run is missing; it comes after --, as in: "
            "ml-tracking-ops run -- python train.py --lr=0.1"
        )
    return options


_Add = Callable[[str, str], argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def _command_parser() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser as a whole, and that of each command, which takes options anywhere."""
    parser = _Parser(
        prog="ml-tracking-ops",
        description=_DESCRIPTION,
        epilog=_SEED_FORMS,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = _adder(commands)

    for add_commands in (
        _add_sweep,
        _add_run,
        _add_attach,
        _add_wait,
        _add_web,
        _add_assets,
        _add_list,
        _add_show,
        _add_export,
        _add_replay,
        _add_metrics_preview,
        _add_steering,
        _add_annotate,
        _add_housekeeping,
        _add_demo,
        _add_schema,
        _add_mcp,
        _add_completion,
    ):
        add_commands(add)
    return parser, commands.choices


def _add_sweep(add: _Add) -> None:
    sweep = add("sweep", "run a hyperparameter sweep")
    sweep.add_argument(
        "config",
        nargs="?",
        type=user_path,
        metavar="CONFIG",
        help="default: experiment_cfg.json; W&B's sweep.yaml too",
    )
    sweep.add_argument(
        "--resume", metavar="SWEEP", help="resume this sweep: a folder, or a name in list"
    )
    sweep.add_argument(
        "--max-runs",
        type=count,
        metavar="N",
        help="overrides the configuration's, also on resuming",
    )
    sweep.add_argument("--detach", action="store_true", help="run it in the background; see attach")
    _add_json_lines(sweep)
    _add_sweep_options(sweep)
    sweep.add_argument("--seed", type=whole, help="determines every combination")
    sweep.add_argument("--web", action="store_true", help="show the dashboard meanwhile")
    sweep.add_argument(
        "--dry-run", action="store_true", help="print the commands that would run, and run none"
    )
    _add_yes(sweep)
    _add_address(sweep)


def _add_attach(add: _Add) -> None:
    attach = add("attach", "follow a sweep running in another process")
    attach.add_argument(
        "sweep", nargs="?", metavar="SWEEP", help="default: the newest that is running"
    )
    _add_verbose(attach)
    _add_json_lines(attach)
    _add_logdir(attach)


def _add_wait(add: _Add) -> None:
    wait = add("wait", "wait until a sweep has ended, or its best value is good enough")
    wait.add_argument(
        "sweep", nargs="?", metavar="SWEEP", help="default: the newest that is running"
    )
    wait.add_argument(
        "--until",
        type=condition,
        default="finished",
        metavar="CONDITION",
        help="finished (the default), or a bound of the best value, as 'best<0.1' or 'best>=0.9'",
    )
    wait.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="give up after this many seconds, with exit code 124",
    )
    wait.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    _add_logdir(wait)


def _add_web(add: _Add) -> None:
    _add_web_options(add("web", "show the dashboard"))


def _add_assets(add: _Add) -> None:
    assets = add("assets", "fill a folder with the pages' third-party files, for --assets")
    assets.add_argument("folder", type=user_path, metavar="DIR")
    assets.add_argument(
        "--registry", metavar="URL", help="an npm registry; default: the one npm is set up for"
    )
    assets.add_argument(
        "--from",
        dest="sources",
        nargs="+",
        type=user_path,
        metavar="FILE_OR_FOLDER",
        help="npm tarballs (.tgz) on disk, or folders of them",
    )


def _add_list(add: _Add) -> None:
    listing = add("list", "list experiments and sweeps")
    _add_logdir(listing)
    listing.add_argument("--json", action="store_true")
    listing.add_argument("--archived", action="store_true", help="list archived ones")


def _add_show(add: _Add) -> None:
    show = add("show", "show a sweep, an experiment or a run")
    show.add_argument("path", metavar="PATH", help=_ONE)
    show.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="a run of the sweep, by its number"
    )
    _add_logdir(show)
    show.add_argument("--json", action="store_true")


def _add_export(add: _Add) -> None:
    export = add("export", "write a run's points, a sweep's table or that of experiments")
    export.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        help=f"{_ONE}; a folder of experiments, by default --logdir: their table",
    )
    export.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="a run of the sweep, by its number"
    )
    export.add_argument(
        "--format", choices=("csv", "json", "parquet", "tensorboard", "media"), default="csv"
    )
    export.add_argument(
        "-o",
        "--output",
        type=user_path,
        metavar="FILE",
        help="default: stdout; a folder for tensorboard and media",
    )
    _add_logdir(export)


def _add_replay(add: _Add) -> None:
    replay = add("replay", "what other stopping rules would have done to a finished sweep")
    replay.add_argument("path", metavar="SWEEP", help=_SWEEP)
    replay.add_argument(
        "--rule",
        action="append",
        required=True,
        metavar="RULE",
        help="asha, or asha:min_resource=5,reduction_factor=4, or JSON as in a "
        "configuration; several are compared",
    )
    replay.add_argument("--metric", help="default: the sweep's optimization_metric")
    replay.add_argument("--goal", choices=("min", "max"), help="default: the sweep's")
    _add_logdir(replay)
    replay.add_argument("--json", action="store_true")


def _add_metrics_preview(add: _Add) -> None:
    command = add("metrics-preview", "show what a metrics_pattern finds in an output")
    command.add_argument("file", type=user_path, metavar="FILE", help="an output; - reads stdin")
    command.add_argument(
        "--pattern",
        metavar="P",
        help="as metrics_pattern in a configuration; default: compare those that have a name",
    )
    command.add_argument("--json", action="store_true")


def _add_steering(add: _Add) -> None:
    """The commands for running sweeps."""
    stop = add("stop", "stop a running sweep, or some of its runs")
    _add_target(stop, "stop only these runs, by their number in the sweep")
    _add_yes(stop)
    pause = add("pause", "pause a sweep: running runs finish, no new ones start")
    continue_ = add("continue", "let a paused sweep start runs again")
    requeue = add("requeue", "run combinations of a sweep again")
    _add_target(requeue, "the runs, by their number in the sweep")
    requeue.add_argument("--failed", action="store_true", help="all that failed")
    workers = add("workers", "change how many runs of a sweep run at once")
    for parser in (pause, continue_, workers):
        parser.add_argument("path", metavar="SWEEP", help=_SWEEP)
    workers.add_argument("n_workers", type=count, metavar="N")
    for parser in (stop, pause, continue_, requeue, workers):
        _add_logdir(parser)


def _add_annotate(add: _Add) -> None:
    annotate = add("annotate", "set the name, note or tags of an experiment, sweep or run")
    annotate.add_argument("path", metavar="PATH", help=_ONE)
    annotate.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="a run of the sweep, by its number"
    )
    annotate.add_argument("--name", metavar="NAME", help="an empty one removes it")
    annotate.add_argument("--note", metavar="TEXT", help="an empty one removes it")
    annotate.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG",
        help="add a tag; several times for several",
    )
    annotate.add_argument(
        "--untag", action="append", default=[], metavar="TAG", help="remove a tag"
    )
    annotate.add_argument("--json", action="store_true")
    _add_logdir(annotate)


def _add_housekeeping(add: _Add) -> None:
    archive = add("archive", "take experiments and sweeps out of the lists")
    unarchive = add("unarchive", "bring archived experiments and sweeps back to the lists")
    delete = add("delete", "delete experiments and sweeps for good")
    _add_yes(delete)
    delete.add_argument(
        "--all-files",
        action="store_true",
        help="delete the other files in their folders too, which ML Tracking Ops did not write",
    )
    for parser in (archive, unarchive, delete):
        parser.add_argument("paths", metavar="PATH", nargs="+", help=_ONE)
        _add_logdir(parser)


def _add_demo(add: _Add) -> None:
    demo = add("demo", "a real sweep on real data, with the dashboard")
    _add_sweep_options(demo)
    _add_address(demo)


def _add_schema(add: _Add) -> None:
    schema = add("schema", "print the JSON Schema of experiment_cfg.json")
    schema.add_argument(
        "--events", action="store_true", help="that of the events that sweep --json prints"
    )


def _add_mcp(add: _Add) -> None:
    mcp = add("mcp", "serve a log folder to coding agents (Model Context Protocol, on stdio)")
    _add_logdir(mcp)
    mcp.add_argument(
        "--read-only", action="store_true", help="offer no tools that start or change anything"
    )


def _add_completion(add: _Add) -> None:
    completion = add("completion", "print a script with which your shell completes this command")
    completion.add_argument("shell", choices=SHELLS)


def _add_target(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("path", metavar="PATH", help="a sweep, or a run's .dat")
    parser.add_argument("runs", metavar="RUN", type=count, nargs="*", default=[], help=text)


def _add_json_lines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print each event as a line of JSON (schema --events)"
    )


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask first")


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from ..running.description import package_version

        print(f"ml-tracking-ops {package_version()}")
        parser.exit()


def _adder(commands: Any) -> _Add:
    def add(name: str, text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        parser.set_defaults(command=name)
        return parser

    return add


def _add_logdir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logdir", type=user_path, default=Path("runs"), help="default: runs")


def _add_run(add: _Add) -> None:
    run = add("run", "run one program as an experiment")
    run.usage = "ml-tracking-ops run [--name NAME] [--tag TAG] [--logdir DIR] … -- PROGRAM …"
    run.add_argument("--name", metavar="NAME", help="what to call the experiment")
    run.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="a tag; may be repeated"
    )
    run.add_argument(
        "--metrics-from",
        choices=("stdout", "tensorboard"),
        help="where metrics are read from, if the program does not log them itself",
    )
    run.add_argument(
        "--tensorboard-dir",
        metavar="DIR",
        help="where the program writes event files; default: the run's own folder, ${run_dir}",
    )
    run.add_argument(
        "--metrics-pattern",
        metavar="PATTERN",
        help="read metrics from the output, as the key metrics_pattern does",
    )
    run.add_argument(
        "--no-system-metrics",
        dest="system_metrics",
        action="store_false",
        help="do not sample CPU, memory and GPUs",
    )
    _add_logdir(run)


def _add_sweep_options(parser: argparse.ArgumentParser) -> None:
    _add_logdir(parser)
    parser.add_argument(
        "--workers",
        type=workers,
        metavar="N",
        help="runs at once; default: one for each GPU, else each CPU",
    )
    parser.add_argument(
        "--notify",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="send messages about the sweep there, such as ntfy://topic; may be repeated",
    )
    _add_verbose(parser)


def _add_verbose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="of each run that ends all that is known, instead of one line of the terminal",
    )


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=port, help="default: 5000, or the next free one")
    parser.add_argument(
        "--no-token",
        action="store_true",
        help="give up the token: everybody who can reach the address, which includes every user "
        "of this machine, can read everything, stop runs and delete them",
    )
    parser.add_argument(
        "--assets",
        type=user_path,
        metavar="DIR",
        help="serve the pages' third-party files from there, not from the CDN; "
        "see ml-tracking-ops assets",
    )
    _add_reach(parser)


def _add_reach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base-path",
        default="",
        metavar="PATH",
        help="the path of a proxy's host below which the pages are, such as /mlto",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that the dashboard may be asked by, as of a proxy; may be repeated",
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="another machine's proxy whose X-Forwarded-Prefix counts; may be repeated",
    )
    parser.add_argument(
        "--frame-ancestors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="self, or an origin whose pages may show the dashboard in a frame; may be repeated",
    )


def _add_web_options(parser: argparse.ArgumentParser) -> None:
    _add_logdir(parser)
    _add_address(parser)
    parser.add_argument("--exit-with-stdin", action="store_true", help=argparse.SUPPRESS)
