"""The command line as a whole: which command, and its arguments."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from ...errors import did_you_mean
from ..argument_types import boolean
from ..process import EXIT_USAGE
from .keeping import add_annotate, add_completion, add_housekeeping, add_schema
from .looking import (
    add_assets,
    add_export,
    add_list,
    add_mcp,
    add_metrics_preview,
    add_replay,
    add_show,
    add_snapshot,
    add_web,
)
from .options import Add
from .sweeps import add_attach, add_demo, add_run, add_steering, add_sweep, add_wait

_DESCRIPTION = "Hyperparameter sweeps and experiment tracking on your own machine."
_SEED_FORMS = """\
without a command:
  ml-tracking-ops --logdir=runs                  the same as: ml-tracking-ops web
  ml-tracking-ops --run_sweep=True --logdir=runs the same as: ml-tracking-ops sweep
"""
_ADDERS: Mapping[str, Callable[[Add], None]] = {
    "sweep": add_sweep,
    "run": add_run,
    "attach": add_attach,
    "wait": add_wait,
    "web": add_web,
    "assets": add_assets,
    "list": add_list,
    "show": add_show,
    "export": add_export,
    "snapshot": add_snapshot,
    "replay": add_replay,
    "metrics-preview": add_metrics_preview,
    "stop": add_steering,
    "pause": add_steering,
    "continue": add_steering,
    "requeue": add_steering,
    "workers": add_steering,
    "annotate": add_annotate,
    "archive": add_housekeeping,
    "unarchive": add_housekeeping,
    "delete": add_housekeeping,
    "demo": add_demo,
    "schema": add_schema,
    "mcp": add_mcp,
    "completion": add_completion,
}
"""The functions that add the parser of each command, and perhaps of others, in the order of
`--help`."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command line. `command` is the name of the command.

    Wrong usage prints what is wrong and exits with code 2.
    """
    given = arguments[0] if arguments and arguments[0] in _ADDERS else None
    parser, commands = _command_parser(given)
    if arguments and arguments[0] == "run":
        return _parse_run(commands["run"], arguments[1:])
    if arguments and arguments[0] in commands:
        return commands[arguments[0]].parse_intermixed_args(arguments[1:])
    if arguments and not arguments[0].startswith("-"):
        hint = did_you_mean(arguments[0], commands)
        parser.error(f"unknown command {arguments[0]!r}{hint or '. --help lists all'}")
    if not any(argument in ("-h", "--help", "--version") for argument in arguments):
        first = _Parser(prog="ml-tracking-ops", allow_abbrev=False, add_help=False)
        first.add_argument("--run_sweep", type=boolean, default=False, metavar="True|False")
        form, others = first.parse_known_args(arguments)
        return commands["sweep" if form.run_sweep else "web"].parse_intermixed_args(others)
    return parser.parse_args(arguments)


def command_parsers() -> Mapping[str, argparse.ArgumentParser]:
    """Return the parser of each command, to generate completion and reference from."""
    return _command_parser()[1]


def _parse_run(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Parse `run`: everything after `--` is the program with its arguments."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:split])
    options.program = list(arguments[split + 1 :])
    if not options.program:
        parser.error(
            "the program to run is missing. Put it after --, for example: "
            "ml-tracking-ops run -- python train.py --lr=0.1"
        )
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def _command_parser(
    only: str | None = None,
) -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """Return the whole parser, and that of each command, which takes options anywhere.

    Args:
        only: this command is enough. Making all parsers takes as long as the shortest run.
    """
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

    wanted = dict.fromkeys(_ADDERS.values()) if only is None else [_ADDERS[only]]
    for add_commands in wanted:
        add_commands(add)
    return parser, commands.choices


class _Version(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from ...running.description import package_version

        print(f"ml-tracking-ops {package_version()}")
        parser.exit()


def _adder(commands: Any) -> Add:
    def add(name: str, text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        parser.set_defaults(command=name)
        return parser

    return add
