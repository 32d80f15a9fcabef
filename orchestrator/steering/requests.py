"""What a user asks of a sweep that goes on, as files that its orchestrator takes in.

Each request is one file in `requests/`, in the sweep's folder: created whole by whoever asks,
removed by the orchestrator once its journal says what became of it. So it does not matter which
process asks, nor on which machine.
"""

import contextlib
import getpass
import json
import os
import platform
import secrets
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from ml_tracking_ops.logger import paths

from ..errors import SweepError

Action = Literal["stop", "pause", "continue", "requeue", "workers"]
ACTIONS: tuple[Action, ...] = get_args(Action)
MOST_WORKERS = 1_000
_MOST_BYTES = 64 << 10
_MOST_AT_ONCE = 1_000


def workers_problem(n_workers: object) -> str | None:
    """What is wrong with a number of workers; None where nothing."""
    if isinstance(n_workers, int) and 1 <= n_workers <= MOST_WORKERS:
        return None
    return f"the number of workers must be from 1 to {MOST_WORKERS}, got {n_workers}"


@dataclass(frozen=True)
class Request:
    """One thing that is asked. `id` orders requests by time and tells each from all others.

    Attributes:
        index: the run that is meant; None where the sweep as a whole is.
        n_workers: how many runs at once, for `workers`.
        by: who asked, for the journal and for people.
    """

    id: str
    action: Action
    index: int | None = None
    n_workers: int | None = None
    by: str = ""
    time: float = 0.0


def new_request(
    action: Action, by: str, *, index: int | None = None, n_workers: int | None = None
) -> Request:
    now = time.time()
    identity = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    return Request(identity, action, index, n_workers, by, round(now, 6))


def this_user() -> str:
    """Who asks on the command line: `mia@box`."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = str(os.getuid()) if hasattr(os, "getuid") else "somebody"
    return f"{name}@{platform.node()}"


def submit(folder: Path, request: Request) -> Path:
    """Create the request's file, whole or not at all.

    Raises:
        SweepError: it cannot be written.
    """
    requests = folder / paths.REQUESTS_NAME
    path = requests / f"{request.id}.json"
    temporary = requests / f".{request.id}.tmp"
    try:
        if not folder.is_dir():
            raise FileNotFoundError(f"the folder {folder} is gone")
        requests.mkdir(exist_ok=True)
        temporary.write_text(json.dumps(asdict(request)), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        why = error.strerror or error
        raise SweepError(f"{path}: the request cannot be written: {why}") from error
    return path


def withdraw(folder: Path, request: Request) -> bool:
    """Take a request back; return whether it was still there."""
    try:
        (folder / paths.REQUESTS_NAME / f"{request.id}.json").unlink()
    except OSError:
        return False
    return True


def read_requests(folder: Path) -> Iterator[tuple[Path, Request | None]]:
    """The requests in a sweep's folder, oldest first; None for a file that is no request."""
    requests = folder / paths.REQUESTS_NAME
    try:
        names = sorted(path.name for path in requests.iterdir() if path.name[0] != ".")
    except OSError:
        return
    for name in names[:_MOST_AT_ONCE]:
        path = requests / name
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISDIR(path.lstat().st_mode):
                yield path, _read(path)


def _read(path: Path) -> Request | None:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return _decode(json.loads(file.read(_MOST_BYTES)), path.stem)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError):
        return None


def _decode(data: object, identity: str) -> Request | None:
    if not isinstance(data, dict) or data.get("action") not in ACTIONS:
        return None
    known: dict[str, Any] = {f.name: data[f.name] for f in fields(Request) if f.name in data}
    request = Request(**{**known, "id": identity})
    are_whole = all(
        value is None or (isinstance(value, int) and not isinstance(value, bool))
        for value in (request.index, request.n_workers)
    )
    is_timed = isinstance(request.time, int | float)
    return request if are_whole and is_timed and isinstance(request.by, str) else None
