"""The attempts at one run of a sweep. Each has its own log. Together they are one history."""

import os
import re

from ..paths import DAT_SUFFIX

_STEM = re.compile(r"(?P<time>.+)_(?P<index>\d{4,})(?:_attempt(?P<attempt>\d+))?")


def earlier_logs(dat_path: str | os.PathLike[str]) -> list[str]:
    """Return the logs of the attempts before this one, oldest first, or none if it is the first.

    They are recognised by the names that `paths.run_stem` makes.
    """
    path = os.fspath(dat_path)
    index, attempt = _run_of(os.path.basename(path))
    if index is None or attempt < 2:
        return []
    folder = os.path.dirname(path)
    found: dict[int, str] = {}
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    for name in names:
        other_index, other_attempt = _run_of(name)
        if other_index == index and other_attempt < attempt:
            found[other_attempt] = os.path.join(folder, name)
    return [found[number] for number in sorted(found)]


def _run_of(name: str) -> tuple[int | None, int]:
    """Return index and attempt from a file's name, or no index if the name has another form."""
    if not name.endswith(DAT_SUFFIX):
        return None, 0
    found = _STEM.fullmatch(name.removesuffix(DAT_SUFFIX))
    if found is None:
        return None, 0
    return int(found["index"]), int(found["attempt"] or 1)
