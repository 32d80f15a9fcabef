"""Log metrics from a training script, and read them back.

`ExperimentLogger` needs the standard library alone. numpy is loaded when something is read. May
import nothing of the orchestrator and of the web app.
"""

TYPE_CHECKING = False  # importing it from typing would cost more than the logger itself
if TYPE_CHECKING:
    from .hyperparameter_values import Hyperparameters, hyperparameters
    from .reading.reader import LogFormatError, LogTail, RunLog, Series, read_log
    from .results.runs import BestValue, RunResult, RunResults, read_run, read_runs
    from .writing.experiment_logger import ExperimentLogger

__all__ = [
    "BestValue",
    "ExperimentLogger",
    "Hyperparameters",
    "LogFormatError",
    "LogTail",
    "RunLog",
    "RunResult",
    "RunResults",
    "Series",
    "hyperparameters",
    "read_log",
    "read_run",
    "read_runs",
]
_HOMES = {
    "BestValue": "results.runs",
    "ExperimentLogger": "writing.experiment_logger",
    "Hyperparameters": "hyperparameter_values",
    "RunResult": "results.runs",
    "RunResults": "results.runs",
    "hyperparameters": "hyperparameter_values",
    "read_run": "results.runs",
    "read_runs": "results.runs",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = _HOMES.get(name, "reading.reader")
    found: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
