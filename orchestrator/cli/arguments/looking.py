"""Arguments of the commands that show and export what there is."""

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
    assets.add_argument("folder", type=user_path, metavar="DIR")
    assets.add_argument(
        "--registry", metavar="URL", help="an npm registry; default: the one that npm uses"
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
    listing.add_argument("--archived", action="store_true", help="list archived ones")


def add_show(add: Add) -> None:
    show = add("show", "show a sweep, an experiment or a run")
    show.add_argument("path", metavar="PATH", help=ONE)
    show.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="a run of the sweep, by its number"
    )
    add_logdir(show)
    show.add_argument("--json", action="store_true", help="print JSON")


def add_export(add: Add) -> None:
    export = add("export", "export the points of a run, or the table of a sweep or of experiments")
    export.add_argument(
        "path",
        metavar="PATH",
        nargs="?",
        help=f"{ONE}; a folder of experiments, by default --logdir: their table",
    )
    export.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="a run of the sweep, by its number"
    )
    export.add_argument(
        "--format",
        choices=("csv", "json", "parquet", "tensorboard", "media"),
        default="csv",
        help="default: csv",
    )
    export.add_argument(
        "-o",
        "--output",
        type=user_path,
        metavar="FILE",
        help="default: stdout; a folder for tensorboard and media",
    )
    add_logdir(export)


def add_snapshot(add: Add) -> None:
    snapshot = add("snapshot", "write a page of the dashboard as one file, to be passed on")
    snapshot.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help=f"{ONE}; SWEEP 7: a run of it; several are compared",
    )
    snapshot.add_argument(
        "--page",
        choices=("experiments", "compare"),
        help="write that page, of the experiments or runs that are named, if any is",
    )
    snapshot.add_argument(
        "-o", "--output", type=user_path, metavar="FILE", help="default: NAME.html"
    )
    snapshot.add_argument(
        "--view",
        default="",
        metavar="QUERY",
        help="what the page's address says after its ?, such as 'smoothing=0.6&draw=all'",
    )
    snapshot.add_argument(
        "--assets", type=user_path, metavar="DIR", help="third-party files; default: the CDN"
    )
    add_logdir(snapshot)


def add_replay(add: Add) -> None:
    replay = add("replay", "show what other stopping rules would have done to a finished sweep")
    replay.add_argument(
        "paths", nargs="+", metavar="SWEEP", help=f"{SWEEP}; several with --suggest"
    )
    replay.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="RULE",
        help="asha, or asha:min_resource=5,reduction_factor=4, or JSON as in a "
        "configuration; several are compared",
    )
    replay.add_argument(
        "--suggest",
        action="store_true",
        help="try many rules: which one would have saved most without losing the best run",
    )
    replay.add_argument("--metric", help="default: the sweep's optimization_metric")
    replay.add_argument("--goal", choices=("min", "max"), help="default: the sweep's")
    add_logdir(replay)
    replay.add_argument("--json", action="store_true", help="print JSON")


def add_metrics_preview(add: Add) -> None:
    command = add("metrics-preview", "show what a metrics_pattern finds in an output")
    command.add_argument(
        "file", type=user_path, metavar="FILE", help="a file with output; - reads stdin"
    )
    command.add_argument(
        "--pattern",
        metavar="P",
        help="a metrics_pattern as in a configuration; default: compare all that have a name",
    )
    command.add_argument("--json", action="store_true", help="print JSON")


def add_mcp(add: Add) -> None:
    mcp = add("mcp", "serve a log folder to coding agents (Model Context Protocol, on stdio)")
    add_logdir(mcp)
    mcp.add_argument(
        "--read-only", action="store_true", help="offer no tools that start or change anything"
    )
