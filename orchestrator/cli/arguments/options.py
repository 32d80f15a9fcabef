"""Options that several commands share."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ..argument_types import count, port, user_path, workers

ONE = "a folder, a .dat, or a name that list prints"
SWEEP = "a folder, or a name that list prints"

Add = Callable[[str, str], argparse.ArgumentParser]


def add_logdir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logdir", type=user_path, default=Path("runs"), help="default: runs")


def add_target(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("path", metavar="PATH", help="a sweep, or a run's .dat")
    parser.add_argument("runs", metavar="RUN", type=count, nargs="*", default=[], help=text)


def add_json_lines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print each event as a line of JSON (schema --events)"
    )


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask first")


def add_sweep_options(parser: argparse.ArgumentParser) -> None:
    add_logdir(parser)
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
    add_verbose(parser)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="of each run that ends all that is known, instead of one line of the terminal",
    )


def add_address(parser: argparse.ArgumentParser) -> None:
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
    add_reach(parser)


def add_reach(parser: argparse.ArgumentParser) -> None:
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
