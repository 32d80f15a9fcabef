"""Hyperparameter sweeps: sample combinations, run several at once, stop the bad ones.

Its rooms may import `logger`, and `cli` alone imports `web`. The order of the rooms is in
`pyproject.toml`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import ConfigError, SweepError, SweepHeldError, TrackingError, UsageError
    from .running.sweep_result import SweepResult
    from .store.run_record import RunRecord
    from .store.run_states import RunState
    from .studies.run import StudyRun
    from .studies.study import Study
    from .sweep import resume, run_sweep

__all__ = [
    "ConfigError",
    "RunRecord",
    "RunState",
    "Study",
    "StudyRun",
    "SweepError",
    "SweepHeldError",
    "SweepResult",
    "TrackingError",
    "UsageError",
    "resume",
    "run_sweep",
]

_ERRORS = frozenset(("ConfigError", "SweepError", "SweepHeldError", "TrackingError", "UsageError"))


def __getattr__(name: str) -> Any:
    """Import on first use: the web app needs parts of this package, not all of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _ERRORS:
        from . import errors

        return getattr(errors, name)
    if name == "RunState":
        from .store import run_states

        return run_states.RunState
    if name == "RunRecord":
        from .store import run_record

        return run_record.RunRecord
    if name == "Study":
        from .studies import study

        return study.Study
    if name == "StudyRun":
        from .studies import run

        return run.StudyRun
    from . import sweep

    return getattr(sweep, name)
