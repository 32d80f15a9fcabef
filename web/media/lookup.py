"""Find the entry that an address names by run, kind, name, step and place."""

import math
from dataclasses import dataclass

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from ml_tracking_ops.logger.media.entries import MediaEntry
from ml_tracking_ops.logger.media.history import MediaHistory
from ml_tracking_ops.logger.media.kinds import KINDS

_NOTHING = "Nothing of this name and step exists any more."


@dataclass(frozen=True)
class MediaAddress:
    """The parts of an address. `step` is None for the last one."""

    run: str
    kind: str
    name: str
    step: int | None
    place: int


def parse_asked(query: QueryParams) -> MediaAddress:
    """Parse which entry a request names.

    Raises:
        HTTPException: 400, naming the parameter.
    """
    run, kind, name = (query.get(key, "") for key in ("run", "kind", "name"))
    if not run or not name:
        raise HTTPException(400, "run and name are needed, as in ?run=ID&kind=image&name=samples")
    if kind not in KINDS:
        raise HTTPException(400, f"kind={kind}: must be one of {', '.join(KINDS)}")
    return MediaAddress(
        run, kind, name, whole_parameter(query, "step"), whole_parameter(query, "place") or 0
    )


def whole_parameter(query: QueryParams, key: str) -> int | None:
    """Return a whole number of 64 bits from an address, or None if it is missing.

    Raises:
        HTTPException: 400.
    """
    text = query.get(key, "")
    if not text:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 19):
        raise HTTPException(400, f"{key}={text}: must be a whole number")
    return int(text)


def finite_parameter(query: QueryParams, key: str) -> float | None:
    """Return a finite number from an address, or None if it is missing.

    Raises:
        HTTPException: 400.
    """
    text = query.get(key, "")
    try:
        number = float(text) if text else None
    except ValueError:
        number = math.nan
    if number is not None and not math.isfinite(number):
        raise HTTPException(400, f"{key}={text}: must be a finite number")
    return number


def entries_at(history: MediaHistory, asked: MediaAddress) -> list[MediaEntry]:
    """Return all entries of the requested step, or else of the last one before it.

    Raises:
        HTTPException: 404 if there is none.
    """
    track = history.tracks.get((asked.kind, asked.name))
    step = None if track is None else track.step_at(asked.step)
    if track is None or step is None:
        raise HTTPException(404, _NOTHING)
    return track.at(step)


def entry_at(history: MediaHistory, asked: MediaAddress) -> MediaEntry:
    """Return exactly the requested entry.

    Raises:
        HTTPException: 404 if there is none.
    """
    found = entries_at(history, asked)
    is_there = 0 <= asked.place < len(found) and found[0].step == asked.step
    if not is_there:
        raise HTTPException(404, _NOTHING)
    return found[asked.place]
