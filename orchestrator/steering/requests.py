"""Requests of users to a running sweep, as files that its orchestrator takes in.

Each request is one file in `requests/`, in the sweep's folder. The process that asks creates it in
one step, and the orchestrator removes it once its journal has the outcome. So it does not matter
which process asks, nor on which machine.
"""

import getpass
import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from ml_tracking_ops.logger import os_files, paths

from ..errors import SweepError
from ..store.files.open_folder import OpenFolder, opened_folder

Action = Literal["stop", "pause", "continue", "requeue", "workers"]
ACTIONS: tuple[Action, ...] = get_args(Action)
MOST_WORKERS = 1_000
_MOST_BYTES = 64 << 10
_MOST_AT_ONCE = 1_000
_SUFFIX = ".json"
_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}\.json")


def workers_problem(n_workers: object) -> str | None:
    """Return what is wrong with a number of workers, or None."""
    if isinstance(n_workers, int) and 1 <= n_workers <= MOST_WORKERS:
        return None
    return f"the number of workers must be from 1 to {MOST_WORKERS}, got {n_workers}"


@dataclass(frozen=True)
class SweepRequest:
    """One request. `id` orders requests by time and is unique.

    Attributes:
        index: the number of the run, or None for the sweep as a whole.
        n_workers: how many runs at once, for `workers`.
        by: who asked, for the journal and for people.
    """

    id: str
    action: Action
    index: int | None = None
    n_workers: int | None = None
    by: str = ""
    time: float = 0.0


_GONE = SweepRequest("", "stop")


def new_request(
    action: Action, by: str, *, index: int | None = None, n_workers: int | None = None
) -> SweepRequest:
    now = time.time()
    identity = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    return SweepRequest(identity, action, index, n_workers, by, round(now, 6))


def this_user() -> str:
    """Return who asks on the command line: `mia@box`."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):
        number = os_files.user_id()
        name = "somebody" if number is None else str(number)
    return f"{name}@{os_files.host_name()}"


def submit(folder: Path, request: SweepRequest) -> Path:
    """Create the request's file, completely or not at all.

    Raises:
        SweepError: it cannot be written.
    """
    path = folder / paths.REQUESTS_NAME / _file_name(request.id)
    try:
        with opened_folder(folder) as sweep:
            sweep.make_folder(paths.REQUESTS_NAME)
            with sweep.inner(paths.REQUESTS_NAME) as requests:
                requests.write(path.name, json.dumps(asdict(request)))
    except OSError as error:
        why = error.strerror or error if folder.is_dir() else f"the folder {folder} is gone"
        raise SweepError(f"{path}: the request cannot be written: {why}") from error
    return path


def withdraw(folder: Path, request: SweepRequest) -> bool:
    """Withdraw a request, and return whether it was still there."""
    return remove_request(folder, request.id)


def remove_request(folder: Path, identity: str) -> bool:
    """Remove a request's file, and return whether it was still there."""
    try:
        with opened_folder(folder) as sweep, sweep.inner(paths.REQUESTS_NAME) as requests:
            requests.unlink(_file_name(identity))
    except OSError:
        return False
    return True


def _file_name(identity: str) -> str:
    return f"{identity}{_SUFFIX}"


def read_requests(
    folder: Path, owner: int | None = None
) -> Iterator[tuple[Path, SweepRequest | None]]:
    """Yield the requests in a sweep's folder, oldest first, or None for a file that is no request.

    Files with names that `submit` does not use are ignored.

    Args:
        owner: the user whose sweep it is: nothing is read from folders that another user put in
            their place.
    """
    try:
        with opened_folder(folder) as sweep, sweep.inner(paths.REQUESTS_NAME) as requests:
            if owner is not None:
                sweep.require_owner(owner)
                requests.require_owner(owner)
            names = sorted(filter(_NAME.fullmatch, requests.names()))
            found = [(name, _read(requests, name)) for name in names[:_MOST_AT_ONCE]]
    except OSError:
        return
    for name, request in found:
        if request is not _GONE:
            yield folder / paths.REQUESTS_NAME / name, request


def _read(requests: OpenFolder, name: str) -> SweepRequest | None:
    """Return None for a file that is no request, and `_GONE` if it is no longer there."""
    try:
        return _decode(json.loads(requests.read(name, _MOST_BYTES)), name.removesuffix(_SUFFIX))
    except FileNotFoundError:
        return _GONE
    except (OSError, ValueError, RecursionError):
        return None


def _decode(data: object, identity: str) -> SweepRequest | None:
    if not isinstance(data, dict) or data.get("action") not in ACTIONS:
        return None
    known: dict[str, Any] = {f.name: data[f.name] for f in fields(SweepRequest) if f.name in data}
    request = SweepRequest(**{**known, "id": identity})
    are_whole = all(
        value is None or (isinstance(value, int) and not isinstance(value, bool))
        for value in (request.index, request.n_workers)
    )
    is_timed = isinstance(request.time, int | float)
    return request if are_whole and is_timed and isinstance(request.by, str) else None
