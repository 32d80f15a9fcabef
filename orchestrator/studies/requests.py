"""Requests of users to a study on its pages, as far as a program's own loop can meet them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from ..steering.decisions import why_not
from ..steering.requests import SweepRequest, read_requests, remove_request
from ..store.sweep_record import SweepRecord


class StudyRequests:
    """Takes in requests and decides on each once.

    Args:
        folder: the study's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner = folder.stat().st_uid

    def take_in(self, record: SweepRecord, *, is_start: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the fields of an event `requested` for each new request, which is then removed.

        Args:
            is_start: the study is just being resumed, which is newer than a request to stop it.
        """
        if not (self._folder / paths.REQUESTS_NAME).exists():
            return
        for path, request in read_requests(self._folder, self._owner):
            if path.stem not in record.requests:
                yield _decided(path.stem, request, record, is_start=is_start)
            remove_request(self._folder, path.stem)


def _decided(
    identity: str, request: SweepRequest | None, record: SweepRecord, *, is_start: bool
) -> dict[str, Any]:
    if request is None:
        text = "the file in requests/ is not a request"
        return {"id": identity, "outcome": "refused", "message": text}
    by = f"by hand ({request.by})" if request.by else "by hand"
    refusal = why_not(request, record)
    if is_start and request.index is None:
        refusal = "the study was resumed after this request"
    elif refusal is None and request.action == "workers":
        refusal = "the program that trains decides how many runs there are at once"
    fields: dict[str, Any] = {
        "id": identity,
        "action": request.action,
        "by": request.by,
        "asked_at": request.time,
        "outcome": "done" if refusal is None else "refused",
        "message": refusal or _message(request, by),
    }
    if request.index is not None:
        fields["index"] = request.index
    if refusal is None and request.action == "stop":
        fields["reason"] = f"stopped {by}"
    if refusal is None and request.action == "requeue" and request.index is not None:
        run = record.runs[request.index]
        fields["attempt"] = run.attempt + (run.name is not None)
    return fields


def _message(request: SweepRequest, by: str) -> str:
    match request.action:
        case "stop" if request.index is None:
            return "every run is asked to stop, then no more are given out"
        case "stop":
            return f"run {request.index} is asked to stop"
        case "requeue":
            return f"run {request.index} is given out again"
        case "pause":
            return f"paused {by}: running runs finish, no new ones are given out"
    return "the study continues"
