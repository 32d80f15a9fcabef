"""The exceptions of this package, as one tree.

    TrackingError
    ├── UsageError             the command line or an argument is wrong (exit code 2)
    │   ├── ConfigError        experiment_cfg.json is wrong; carries every problem found
    │   ├── NotInLogdirError   no experiment, sweep or run of that name
    │   ├── DescriptionError   a sweep's description cannot be read
    │   ├── PortTakenError     the web app cannot listen on the requested address
    │   └── AnnotationError    a name, a note or tags cannot be kept
    └── SweepError             the sweep itself cannot continue (exit code 1)
        └── SweepHeldError     another orchestrator is at work on it

A failed run is no exception: it is recorded in the journal, and the sweep continues.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class TrackingError(Exception):
    """Base of all errors that this package raises on purpose. Their text is for the user."""


class UsageError(TrackingError):
    """The request of the user cannot be carried out."""


def nearest(name: str, known: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Return the known name that is most similar to a mistyped one, or None if none is."""
    import difflib  # takes 3 ms, and most names are right

    names = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=cutoff)
    return names[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint at the most similar known name, to append to a name, or empty if none is."""
    found = nearest(name, known)
    return "" if found is None else f", did you mean {found}?"


@dataclass(frozen=True)
class ConfigProblem:
    """One mistake in a configuration: the key, the given value, and what is allowed."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}" if self.key else self.message


class ConfigError(UsageError):
    """A configuration has mistakes. `problems` holds all of them."""

    def __init__(self, source: str, problems: Sequence[ConfigProblem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        lines = [f"{source} has {count}:", *(f"  {problem}" for problem in problems)]
        super().__init__("\n".join(lines))


class NotInLogdirError(UsageError):
    """No experiment, sweep or run has the given name or path."""

    def __init__(self, path: str, logdir: Path, known: Sequence[str] = ()) -> None:
        self.path = path
        self.logdir = logdir
        hint = f". Nearest: {', '.join(known)}" if known else ""
        super().__init__(
            f"{path}: no experiment, sweep or run of this name, neither as a path nor in "
            f"{logdir}/ (see: ml-tracking-ops list --logdir {logdir}){hint}"
        )


class DescriptionError(UsageError):
    """A folder is a sweep, but its description cannot be read."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(
            f"{path} cannot be read: {problem}. Without it the sweep cannot be shown or resumed. "
            "The logs of its runs can be looked at one by one: ml-tracking-ops show FILE.dat"
        )


class UnreadError(UsageError):
    """Something in a log folder was not read, or not to its end."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}")


class PortTakenError(UsageError):
    """Another program already listens on the address."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        super().__init__(
            f"port {port} on {host} is taken by another program. Choose one with --port, "
            f"for example --port {port + 1}"
        )


class AnnotationError(UsageError):
    """The file that holds names, notes and tags cannot be read or written."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}. Nothing was changed")


class SweepError(TrackingError):
    """A sweep cannot be started or cannot continue."""

    def __init__(self, message: str, **data: Any) -> None:
        self.data = data
        super().__init__(message)


class SweepHeldError(SweepError):
    """Another orchestrator works on the sweep, or may do so."""

    def __init__(
        self, folder: Path, pid: int | None, host: str | None, *, is_elsewhere: bool = False
    ) -> None:
        self.pid = pid
        self.host = host
        who = "another process" if pid is None else f"process {pid} on {host}"
        super().__init__(
            f"{folder}: {who} is running this sweep. Follow it with ml-tracking-ops attach, "
            "or stop it (Ctrl-C, kill) before you resume it"
            + (". If that machine has crashed, resume it a minute later" if is_elsewhere else "")
        )
