"""The benchmark suite: one command for each figure, and one for all of them.

python benchmarks/run.py all
python benchmarks/run.py core                   # those that need no browser
python benchmarks/run.py browser                # the others
python benchmarks/run.py logger read --quick

If a figure fails, its error is printed, the others are measured, and the exit code is 1.
"""

import argparse
import importlib
import os
import sys
import time
import traceback

from suite import results
from suite.machine import describe_machine
from suite.measuring import Options
from suite.picture import draw

CORE = {
    "logger": "add_scalar",
    "import": "import_time",
    "read": "reading",
    "events": "event_files",
    "tail": "tailing",
    "overhead": "sweep_overhead",
    "seconds": "one_second_runs",
    "long": "long_sweep",
    "stopping": "early_stopping",
    "waiting": "waiting",
}
BROWSER = {
    "live": "live_points",
    "streams": "many_streams",
    "pages": "page_loads",
    "looks": "second_looks",
    "many": "many_experiments",
    "table": "runs_table",
    "idle": "idling",
    "tasks": "live_tasks",
}
FIGURES = {**CORE, **BROWSER}
GROUPS = {"all": FIGURES, "core": CORE, "browser": BROWSER}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "figures",
        nargs="+",
        choices=[*FIGURES, *GROUPS],
        metavar="FIGURE",
        help=", ".join([*FIGURES, *GROUPS]),
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, keep no results")
    parser.add_argument("--no-peers", action="store_true", help="install and measure no peer")
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages have compiled modules
    options = Options(is_quick=arguments.quick, with_peers=not arguments.no_peers)
    names = dict.fromkeys(
        name for given in arguments.figures for name in GROUPS.get(given, [given])
    )
    failed = [name for name in names if not _measure(name, options)]
    if not options.is_quick:
        found = results.load_all(FIGURES)
        results.write_table(found)
        draw(found)
    if failed:
        print(f"not measured: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def _measure(name: str, options: Options) -> bool:
    """Measure one figure, print it and keep it. Return whether that worked."""
    machine, began = describe_machine(), time.monotonic()
    try:
        figure = importlib.import_module(f"figures.{FIGURES[name]}").measure(options)
    except Exception:  # noqa: BLE001  (the other figures are still measured)
        traceback.print_exc()
        return False
    machine["load_1_min_after"] = describe_machine()["load_1_min"]
    machine["took_s"] = round(time.monotonic() - began)
    results.show(figure, machine)
    if not options.is_quick:
        results.keep(figure, machine)
    return True


if __name__ == "__main__":
    sys.exit(main())
