"""How another process finds a function: by module and name, by file and name, or pickled."""

import importlib
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from ..errors import UsageError
from .calling import calling_problem

RUNNER = "ml_tracking_ops.orchestrator.functions.runner"


@dataclass(frozen=True)
class NamedFunction:
    """A function as the command of a run names it.

    Attributes:
        label: its name for people: its file, or its name.
        reference: the arguments by which `runner` finds it.
        pickled: its bytes, written to the sweep's folder, if nothing else names it.
    """

    label: str
    reference: tuple[str, ...]
    pickled: bytes | None = None

    def command(self, metric: str | None) -> list[str]:
        """Return the `command` of a configuration whose runs call it."""
        logged = [] if metric is None else [f"--metric={metric}"]
        settings = "--settings=${args_json}"
        return ["${interpreter}", "-m", RUNNER, *self.reference, settings, *logged]


def name_function(function: Callable[..., Any], hyperparameters: Iterable[str]) -> NamedFunction:
    """Determine how another process can get a function.

    Raises:
        UsageError: it cannot be called with these hyperparameters, or no other process can get it.
    """
    if (problem := calling_problem(function, list(hyperparameters))) is not None:
        raise UsageError(problem)
    name = getattr(function, "__qualname__", "")
    module = getattr(function, "__module__", None)
    if module and name and "<" not in name:
        if module == "__main__":
            found = _in_main_file(function, name)
        else:
            found = _in_module(function, module, name)
        if found is not None:
            return found
    return _pickled(function)


def _in_main_file(function: Callable[..., Any], name: str) -> NamedFunction | None:
    """Find the function in the script that was started. A notebook has no file."""
    main = sys.modules["__main__"]
    path = getattr(main, "__file__", None)
    if path is None or not os.path.isfile(path) or not _is_at(main, name, function):  # noqa: PTH113
        return None
    if (spec := getattr(main, "__spec__", None)) is not None:  # python -m package.module
        return _by_module(spec.name, name, str(path))
    return NamedFunction(_shown(str(path)), ("--file", os.path.abspath(path), name))  # noqa: PTH100


def _in_module(function: Callable[..., Any], module: str, name: str) -> NamedFunction | None:
    try:
        found = importlib.import_module(module)
    except ImportError:
        return None
    path = getattr(found, "__file__", None)
    if path is None or not _is_at(found, name, function):
        return None
    return _by_module(module, name, str(path))


def _by_module(module: str, name: str, path: str) -> NamedFunction:
    top = Path(path).resolve().parent
    for _ in range(module.count(".") + (Path(path).name == "__init__.py")):
        top = top.parent
    return NamedFunction(_shown(path), ("--module", f"{module}:{name}", f"--path={top}"))


def _is_at(module: object, name: str, function: object) -> bool:
    """Return whether a module has this very function under its name."""
    found: object = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is function


def _shown(path: str) -> str:
    """Return the path of a file for people: relative to the current folder, if it is in it."""
    whole = Path(path).resolve()
    here = Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)


def _pickled(function: Callable[..., Any]) -> NamedFunction:
    what = getattr(function, "__name__", type(function).__name__)
    try:
        import cloudpickle
    except ImportError:
        raise UsageError(
            f"{what} cannot be imported by another process. Define it at the top level of a "
            "module, or install cloudpickle, which stores it: "
            "pip install 'ml-tracking-ops[functions]'"
        ) from None
    try:
        content = cloudpickle.dumps(function)
    except Exception as error:  # its objects can raise anything
        raise UsageError(f"{what} cannot be stored for other processes: {error}") from error
    reference = (
        "--pickle",
        f"${{logdir}}/{paths.FUNCTION_NAME}",
        what if what.isidentifier() else "call",
    )
    return NamedFunction(f"{what}()", reference, content)
