"""Log metrics from a training script, and read them back.

`ExperimentLogger` needs the standard library alone; numpy is loaded when something is read.
"""

TYPE_CHECKING = False  # importing it from typing would cost more than the logger itself
if TYPE_CHECKING:
    from .experiment_logger import ExperimentLogger
    from .reading.reader import LogFormatError, LogTail, RunLog, Series, read_log
    from .results.runs import Best, RunResult, RunResults, read_run, read_runs

__all__ = [
    "Best",
    "ExperimentLogger",
    "LogFormatError",
    "LogTail",
    "RunLog",
    "RunResult",
    "RunResults",
    "Series",
    "read_log",
    "read_run",
    "read_runs",
]
_RESULTS = ("Best", "RunResult", "RunResults", "read_run", "read_runs")


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = "experiment_logger" if name == "ExperimentLogger" else "reading.reader"
    if name in _RESULTS:
        home = "results.runs"
    found: object = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
