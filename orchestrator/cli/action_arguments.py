"""The arguments of the commands that act on sweeps, experiments and runs."""

import argparse
from collections.abc import Callable

Add = Callable[[str, str], argparse.ArgumentParser]
_ONE = "a folder, a .dat, or a name that list prints"


def add_actions(
    add: Add,
    add_logdir: Callable[[argparse.ArgumentParser], None],
    count: Callable[[str], int],
) -> None:
    """Add the commands.

    Args:
        add: makes the parser of a command, given its name and what it does.
        count: reads a number that is 1 or more.
    """
    stop = add("stop", "stop a sweep that goes on, or some of its runs")
    _add_target(stop, count, "stop these runs alone, by their number in the sweep")
    _add_yes(stop)
    pause = add("pause", "let a sweep start no more runs; what runs goes on")
    going_on = add("continue", "let a paused sweep go on")
    requeue = add("requeue", "run combinations of a sweep again")
    _add_target(requeue, count, "the runs, by their number in the sweep")
    requeue.add_argument("--failed", action="store_true", help="all that failed")
    workers = add("workers", "change how many runs of a sweep go on at once")
    for parser in (pause, going_on, workers):
        parser.add_argument("path", metavar="SWEEP", help="a folder, or a name that list prints")
    workers.add_argument("n_workers", type=count, metavar="N")
    annotate = add("annotate", "give something a name, a note and tags, or show them")
    _add_annotations(annotate, count)
    archive = add("archive", "take experiments and sweeps out of the lists")
    unarchive = add("unarchive", "bring archived experiments and sweeps back to the lists")
    delete = add("delete", "delete experiments and sweeps for good")
    for parser in (archive, unarchive, delete):
        parser.add_argument("paths", metavar="PATH", nargs="+", help=_ONE)
    _add_yes(delete)
    everything = (
        stop,
        pause,
        going_on,
        requeue,
        workers,
        annotate,
        archive,
        unarchive,
        delete,
    )
    for parser in everything:
        add_logdir(parser)


def _add_target(parser: argparse.ArgumentParser, count: Callable[[str], int], text: str) -> None:
    parser.add_argument("path", metavar="PATH", help="a sweep, or a run's .dat")
    parser.add_argument("runs", metavar="RUN", type=count, nargs="*", default=[], help=text)


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask first")


def _add_annotations(parser: argparse.ArgumentParser, count: Callable[[str], int]) -> None:
    parser.add_argument("path", metavar="PATH", help=_ONE)
    parser.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="a run of the sweep, by its number"
    )
    parser.add_argument("--name", metavar="NAME", help="an empty one takes it away")
    parser.add_argument("--note", metavar="TEXT", help="an empty one takes it away")
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG",
        help="add a tag; several times for several",
    )
    parser.add_argument(
        "--untag", action="append", default=[], metavar="TAG", help="take a tag away"
    )
    parser.add_argument("--json", action="store_true")
