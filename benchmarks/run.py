"""The benchmark suite: one command for each figure, and one for all of them.

python benchmarks/run.py all
python benchmarks/run.py logger read --quick
"""

import argparse
import importlib
import os

from suite import results
from suite.machine import describe_machine
from suite.measuring import Options
from suite.picture import draw

FIGURES = {
    "logger": "add_scalar",
    "import": "import_time",
    "read": "reading",
    "tail": "tailing",
    "overhead": "sweep_overhead",
    "long": "long_sweep",
    "stopping": "early_stopping",
    "live": "live_points",
    "streams": "many_streams",
    "pages": "page_loads",
    "table": "runs_table",
    "idle": "idling",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("figures", nargs="+", choices=[*FIGURES, "all"], metavar="FIGURE",
                        help=", ".join([*FIGURES, "all"]))  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small sizes; keeps no results")
    parser.add_argument("--no-peers", action="store_true", help="install and measure no peer")
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages are compiled, ours too
    options = Options(is_quick=arguments.quick, with_peers=not arguments.no_peers)
    names = list(FIGURES) if "all" in arguments.figures else arguments.figures
    for name in names:
        machine = describe_machine()
        figure = importlib.import_module(f"figures.{FIGURES[name]}").measure(options)
        machine["load_1_min_after"] = describe_machine()["load_1_min"]
        results.show(figure, machine)
        if not options.is_quick:
            results.keep(figure, machine)
    if not options.is_quick:
        found = results.load_all(FIGURES)
        results.write_table(found)
        draw(found)


if __name__ == "__main__":
    main()
