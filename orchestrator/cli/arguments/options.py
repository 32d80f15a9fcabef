"""Options that several commands share."""

import argparse
from collections.abc import Callable
from pathlib import Path

from ..argument_types import count, port, user_path, workers_argument

ONE = "a folder, a .dat file, or a name from list"
SWEEP = "a folder, or a name from list"

Add = Callable[[str, str], argparse.ArgumentParser]


def add_logdir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--logdir", type=user_path, default=Path("runs"), help="the log folder (default: runs)"
    )


def add_target(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("path", metavar="PATH", help="a sweep, or the .dat file of a run")
    parser.add_argument("runs", metavar="RUN", type=count, nargs="*", default=[], help=text)


def add_json_lines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print one JSON event per line (see schema --events)"
    )


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def add_sweep_options(parser: argparse.ArgumentParser) -> None:
    add_logdir(parser)
    parser.add_argument(
        "--workers",
        type=workers_argument,
        metavar="N",
        help="how many runs at once (default: one for each GPU, or each CPU without GPUs)",
    )
    parser.add_argument(
        "--notify",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="send messages about the sweep to this address, such as ntfy://topic (repeatable)",
    )
    add_verbose(parser)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="show all details of a run that ends, not only one line",
    )


def add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument("--port", type=port, help="the port (default: 5000, or the next free one)")
    parser.add_argument(
        "--no-token",
        action="store_true",
        help="do not ask for a token: everybody who can reach the address, including every user "
        "of this machine, can read everything, stop runs and delete them",
    )
    parser.add_argument(
        "--assets",
        type=user_path,
        metavar="DIR",
        help="serve third-party files from this folder instead of the CDN "
        "(see ml-tracking-ops assets)",
    )
    add_reach(parser)


def add_reach(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base-path",
        default="",
        metavar="PATH",
        help="the path below which a proxy serves the pages, such as /mlto",
    )
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name that requests may use, such as that of a proxy (repeatable)",
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a proxy on another machine whose X-Forwarded-Prefix is trusted (repeatable)",
    )
    parser.add_argument(
        "--frame-ancestors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="self, or an origin that may show the pages in a frame (repeatable)",
    )
