"""The process of a run that is a Python function: finds it, calls it, logs what it returns.

python -m ml_tracking_ops.orchestrator.functions.runner --file tune.py train '--settings={"lr": 1}'
"""

import argparse
import importlib
import json
import numbers
import os
import pickle
import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from .calling import call

RUNNING_VARIABLE = "ML_TRACKING_OPS_FUNCTION"
"""Environment variable: set in processes that call a function of a sweep."""
_IMPORTED = "__ml_tracking_ops_run__"


def main(arguments: list[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    os.environ[RUNNING_VARIABLE] = options.name or options.module
    returned = call(find_function(options), json.loads(options.settings))
    _log(returned, options.metric)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--module", help="MODULE:NAME")
    which.add_argument("--file", help="the script that defines it")
    which.add_argument("--pickle", help="a file that cloudpickle wrote")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--path", help="a folder to import from")
    parser.add_argument("--settings", default="{}", help="the hyperparameters as JSON")
    parser.add_argument("--metric", help="what a number that it returns is logged as")
    return parser


def find_function(options: argparse.Namespace) -> Callable[..., Any]:
    """Return the function that the command line names."""
    if options.pickle:
        with Path(options.pickle).open("rb") as file:
            function: Callable[..., Any] = pickle.load(file)  # pickled by this user's own sweep
        return function
    if options.file:
        sys.path.insert(0, str(Path(options.file).parent))
        # not as __main__: code that starts the sweep there must not run again
        return _within(runpy.run_path(options.file, run_name=_IMPORTED), options.name)
    if options.path and options.path not in sys.path:
        sys.path.insert(0, options.path)
    module, _, name = options.module.partition(":")
    return _within(vars(importlib.import_module(module)), name)


def _within(names: Mapping[str, Any], name: str) -> Callable[..., Any]:
    first, *rest = name.split(".")
    found: Any = names[first]
    for part in rest:
        found = getattr(found, part)
    function: Callable[..., Any] = found
    return function


def _log(returned: object, metric: str | None) -> None:
    """Log the numbers that a function returned, unless it logged that metric itself."""
    if isinstance(returned, Mapping):
        found = {str(key): value for key, value in returned.items() if _is_number(value)}
    elif _is_number(returned):
        found = {metric or "result": returned}
    else:
        return
    known = _logged_metrics()
    left = {name: float(value) for name, value in found.items() if name not in known}
    if not left:
        return
    from ml_tracking_ops.logger import ExperimentLogger

    writer = ExperimentLogger()
    for name, value in left.items():
        writer.add_scalar(name, value, max(known.values(), default=0))


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _logged_metrics() -> dict[str, int]:
    """Return the metrics that this run has logged, each with its last step."""
    from ml_tracking_ops.logger import read_log

    path = os.environ.get(paths.RUN_FILE_VARIABLE)
    if path is None or not Path(path).exists():
        return {}
    series = read_log(path)
    return {name: int(one.step[-1]) for name, one in series.items() if len(one)}


if __name__ == "__main__":
    main()
