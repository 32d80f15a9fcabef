"""Arguments of the commands that annotate and tidy up, and of those for editors and shells."""

from ..argument_types import count
from .options import ONE, Add, add_logdir, add_yes

SHELLS = ("bash", "zsh", "fish")


def add_annotate(add: Add) -> None:
    annotate = add("annotate", "set the name, note or tags of an experiment, sweep or run")
    annotate.add_argument("path", metavar="PATH", help=ONE)
    annotate.add_argument(
        "run", metavar="RUN", type=count, nargs="?", help="the number of a run of the sweep"
    )
    annotate.add_argument("--name", metavar="NAME", help="the new name (an empty text removes it)")
    annotate.add_argument("--note", metavar="TEXT", help="the new note (an empty text removes it)")
    annotate.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG",
        help="add a tag (repeatable)",
    )
    annotate.add_argument(
        "--untag", action="append", default=[], metavar="TAG", help="remove a tag (repeatable)"
    )
    annotate.add_argument("--json", action="store_true", help="print JSON")
    add_logdir(annotate)


def add_housekeeping(add: Add) -> None:
    archive = add("archive", "hide experiments, sweeps and runs from the lists")
    unarchive = add("unarchive", "bring archived experiments, sweeps and runs back to the lists")
    delete = add("delete", "delete experiments, sweeps and runs of sweeps permanently")
    add_yes(delete)
    delete.add_argument(
        "--all-files",
        action="store_true",
        help="also delete files in their folders that ML Tracking Ops did not write",
    )
    for parser in (archive, unarchive, delete):
        parser.add_argument("paths", metavar="PATH", nargs="+", help=ONE)
        add_logdir(parser)


def add_schema(add: Add) -> None:
    schema = add("schema", "print the JSON Schema of experiment_cfg.json")
    schema.add_argument(
        "--events",
        action="store_true",
        help="print the schema of the events of sweep --json instead",
    )


def add_completion(add: Add) -> None:
    completion = add("completion", "print a script for completion in your shell")
    completion.add_argument("shell", choices=SHELLS, help="your shell")
