"""Arguments of the commands that show and export."""

import argparse

from ..argument_types import count, user_path
from .options import (
    ONE,
    SWEEP,
    Add,
    add_address,
    add_logdir,
)


def add_web(add: Add) -> None:
    add_web_options(add("web", "show the dashboard"))


def add_web_options(parser: argparse.ArgumentParser) -> None:
    add_logdir(parser)
    add_address(parser)
    parser.add_argument("--exit-with-stdin", action="store_true", help=argparse.SUPPRESS)


def add_assets(add: Add) -> None:
    assets = add("assets", "download the pages' third-party files into a folder, for --assets")
    assets.add_argument("folder", type=user_path, metavar="DIR", help="the folder to fill")
    assets.add_argument(
        "--registry", metavar="URL", help="an npm registry (default: the one that npm uses)"
    )
    assets.add_argument(
        "--from",
        dest="sources",
        nargs="+",
        type=user_path,
        metavar="FILE_OR_FOLDER",
        help="npm tarballs (.tgz) on disk, or folders of them",
    )


def add_list(add: Add) -> None:
    listing = add("list", "list experiments and sweeps")
    add_logdir(listing)
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.add_argument("--archived", action="store_true", help="list what is archived")


def add_show(add: Add) -> None:
    show = add("show", "show a sweep, an experiment or a run")
    show.add_argument("path", metavar="PATH", help=ONE)
    show.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="the number of a run of the sweep"
    )
    add_logdir(show)
    show.add_argument("--json", action="store_true", help="print JSON")


def add_export(add: Add) -> None:
    export = add("export", "export the points of a run, or the table of a sweep or of experiments")
    export.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        help=f"{ONE}, or a folder of experiments to export as a table (default: --logdir)",
    )
    export.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="the number of a run of the sweep"
    )
    export.add_argument(
        "--format",
        choices=("csv", "json", "parquet", "tensorboard", "media"),
        default="csv",
        help="the format (default: csv)",
    )
    export.add_argument(
        "-o",
        "--output",
        type=user_path,
        metavar="FILE",
        help="the file, or the folder for tensorboard and media (default: stdout)",
    )
    add_logdir(export)


def add_snapshot(add: Add) -> None:
    snapshot = add("snapshot", "write a page of the dashboard into one file that you can share")
    snapshot.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help=f"{ONE}. SWEEP 7 is run 7 of a sweep. Several paths are compared.",
    )
    snapshot.add_argument(
        "--page",
        choices=("experiments", "compare"),
        help="write this page, of the given experiments or runs, or of all",
    )
    snapshot.add_argument(
        "-o", "--output", type=user_path, metavar="FILE", help="the file (default: NAME.html)"
    )
    snapshot.add_argument(
        "--view",
        default="",
        metavar="QUERY",
        help="the part of the page's address after the ?, such as 'smoothing=0.6&draw=all'",
    )
    snapshot.add_argument(
        "--assets",
        type=user_path,
        metavar="DIR",
        help="a folder with third-party files (default: the CDN)",
    )
    add_logdir(snapshot)


def add_replay(add: Add) -> None:
    replay = add("replay", "show what other stopping rules would have done to a finished sweep")
    replay.add_argument(
        "paths", nargs="+", metavar="SWEEP", help=f"{SWEEP} (several are possible with --suggest)"
    )
    replay.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="RULE",
        help="asha, or asha:min_resource=5,reduction_factor=4, or JSON as in a "
        "configuration (repeatable)",
    )
    replay.add_argument(
        "--suggest",
        action="store_true",
        help="try many rules and print the one that saves most without losing the best run",
    )
    replay.add_argument("--metric", help="the metric (default: the sweep's optimization_metric)")
    replay.add_argument("--goal", choices=("min", "max"), help="the goal (default: the sweep's)")
    add_logdir(replay)
    replay.add_argument("--json", action="store_true", help="print JSON")


def add_metrics_preview(add: Add) -> None:
    command = add("metrics-preview", "show what a metrics_pattern finds in the output of a program")
    command.add_argument(
        "file", type=user_path, metavar="FILE", help="a file with output (- reads stdin)"
    )
    command.add_argument(
        "--pattern",
        metavar="P",
        help="a metrics_pattern as in a configuration (default: compare all named patterns)",
    )
    command.add_argument("--json", action="store_true", help="print JSON")


def add_mcp(add: Add) -> None:
    mcp = add("mcp", "serve a log folder to coding agents (Model Context Protocol, on stdio)")
    add_logdir(mcp)
    mcp.add_argument(
        "--read-only", action="store_true", help="offer no tools that start or change anything"
    )
