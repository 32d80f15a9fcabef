"""A user's annotations of experiments, sweeps and runs: name, note, tags, and whether archived.

They are in `annotations.json` in the folder of their subject:

    {"format_version": 1,
     "own": {"name": …, "note": …, "tags": […], "archived_at": …},    the sweep itself
     "runs": {KEY: {…}, …}}                                           its runs, or experiments

A run of a sweep whose files were removed has `deleted_at` too.

KEY is a run's index within its sweep (all attempts share it), or the stem of an experiment's
`.dat`. The file appears as a whole or not at all. An editor reads it first and holds a lock
meanwhile, so that simultaneous edits of different things are all kept. Of two edits of the same
thing, the last one wins.
"""

import contextlib
import json
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ml_tracking_ops.logger import os_files, paths

from ..errors import AnnotationError, UsageError
from .files import fields
from .files.identities import FileValue
from .files.open_folder import OpenFolder, opened_folder

T = TypeVar("T")
LONGEST_NAME = 100
LONGEST_NOTE = 10_000
LONGEST_TAG = 40
MOST_TAGS = 20
_FORMAT_VERSION = 1
_MOST_BYTES = 16 << 20
_WAIT_FOR_OTHERS_S = 2.0
_ASK_AGAIN_S = 0.01


@dataclass(frozen=True, slots=True)
class Annotation:
    """A user's annotations of one thing. Times are in seconds since the epoch.

    `deleted_at`: when the files of a run of a sweep were removed.
    """

    name: str | None = None
    note: str = ""
    tags: tuple[str, ...] = ()
    archived_at: float | None = None
    deleted_at: float | None = None

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


EMPTY_ANNOTATION = Annotation()


@dataclass(frozen=True, slots=True)
class Annotations:
    """All annotations in one folder: of the sweep itself, and of runs by their key."""

    own: Annotation = EMPTY_ANNOTATION
    runs: Mapping[str, Annotation] = field(default_factory=dict)

    def run(self, key: str | int) -> Annotation:
        return self.runs.get(str(key), EMPTY_ANNOTATION)


NO_ANNOTATIONS = Annotations()


# --- reading -----------------------------------------------------------------------------------


def annotation_file(folder: Path) -> FileValue[Annotations]:
    """Return the annotations in one folder, read again only if the file has changed."""
    path = folder / paths.ANNOTATIONS_NAME
    return FileValue(path, partial(read_annotations, folder), NO_ANNOTATIONS)


def read_annotations(folder: Path) -> Annotations:
    """Return the annotations in a folder. Empty if the file is missing or damaged."""
    data = read_file(folder)
    if not data:
        return NO_ANNOTATIONS
    runs = data.get("runs")
    found = runs.items() if isinstance(runs, dict) else ()
    return Annotations(_decode(data.get("own")), {str(key): _decode(one) for key, one in found})


def read_file(folder: Path) -> dict[str, Any]:
    """Return the whole content of a folder's file. Empty if it is missing or damaged."""
    try:
        with opened_folder(folder) as opened:
            data = _load(opened)
    except (OSError, AnnotationError):
        return {}
    found: dict[str, Any] = fields.printable(data)
    return found


def _load(folder: OpenFolder) -> dict[str, Any]:
    """Load the file as it is.

    Raises:
        AnnotationError: it is no such file.
        OSError: it cannot be read. `FileNotFoundError` if there is none.
    """
    path = folder.path / paths.ANNOTATIONS_NAME
    text = folder.read(paths.ANNOTATIONS_NAME, _MOST_BYTES)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnnotationError(path, f"it is damaged ({error})") from None
    if not isinstance(data, dict):
        raise AnnotationError(path, "it is not a JSON object")
    return data


def _decode(data: object) -> Annotation:
    """Return the content of the file, as far as it can be understood."""
    if not isinstance(data, dict):
        return EMPTY_ANNOTATION
    name, note, tags = data.get("name"), data.get("note"), data.get("tags")
    archived_at = data.get("archived_at")
    texts = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    return Annotation(
        name[:LONGEST_NAME] if isinstance(name, str) and name else None,
        note[:LONGEST_NOTE] if isinstance(note, str) else "",
        tuple(tag[:LONGEST_TAG] for tag in texts[:MOST_TAGS]),
        _time(archived_at),
        _time(data.get("deleted_at")),
    )


def _time(value: object) -> float | None:
    """Return seconds since the epoch, or None for anything that is no time."""
    try:
        return None if value is None else fields.time_of(value)
    except (TypeError, ValueError, OverflowError):
        return None


# --- allowed annotations -----------------------------------------------------------------------


def clean_name(text: str) -> str | None:
    """Return a name in one line, or None if it is empty, which removes the name.

    Raises:
        UsageError: it cannot be a name.
    """
    name = text.strip()
    if len(name) > LONGEST_NAME:
        raise UsageError(f"the name has {len(name)} characters. At most {LONGEST_NAME} are kept")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name):
        raise UsageError("the name contains a line break or a control character")
    return name or None


def clean_note(text: str) -> str:
    """Return a note, which may have several lines.

    Raises:
        UsageError: it is too long, or has control characters.
    """
    note = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"the note has {len(note)} characters. At most {LONGEST_NOTE} are kept")
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in note):
        raise UsageError("the note contains a control character")
    return note if note.strip() else ""


def clean_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Return tags without their surrounding blanks, each once, in the given order.

    Raises:
        UsageError: one is too long or no single word or phrase, or they are too many.
    """
    tags = tuple(dict.fromkeys(tag for text in texts if (tag := " ".join(text.split()))))
    if len(tags) > MOST_TAGS:
        raise UsageError(f"{len(tags)} tags were given. At most {MOST_TAGS} are kept")
    for tag in tags:
        if len(tag) > LONGEST_TAG:
            raise UsageError(
                f"the tag {tag[:20]!r}… has {len(tag)} characters. At most {LONGEST_TAG} are kept"
            )
        if "," in tag or any(unicodedata.category(c) in ("Cc", "Cs") for c in tag):
            raise UsageError(f"the tag {tag!r} contains a comma or a control character")
    return tags


# --- writing -----------------------------------------------------------------------------------


def annotate(folder: Path, key: str | int | None, **changes: Any) -> Annotation:
    """Change the annotations of a sweep (`key` None) or a run, and return them.

    Args:
        changes: fields of `Annotation`, cleaned by the functions above.

    Raises:
        AnnotationError: the file cannot be read or written. It is left as it was.
    """
    return edit(folder, key, lambda known: replace(known, **changes))


def edit(
    folder: Path, key: str | int | None, change: Callable[[Annotation], Annotation]
) -> Annotation:
    """Change annotations with a function of the current ones.

    Raises:
        AnnotationError: as `annotate`.
    """
    return edit_file(folder, lambda data: _put(data, key, change))


def edit_file(folder: Path, change: Callable[[dict[str, Any]], T]) -> T:
    """Change the content of the file in place, and return the result of `change`.

    Raises:
        AnnotationError: as `annotate`.
    """
    path = folder / paths.ANNOTATIONS_NAME
    try:
        with opened_folder(folder) as opened, _alone(opened):
            try:
                data = _load(opened)
            except FileNotFoundError:
                data = {"format_version": _FORMAT_VERSION}
            answer = change(data)
            text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
            opened.write(paths.ANNOTATIONS_NAME, text)
    except OSError as error:
        is_gone = not folder.is_dir()
        why = "the folder is gone" if is_gone else error.strerror or str(error)
        raise AnnotationError(path, f"it cannot be written: {why}") from error
    return answer


def _put(
    data: dict[str, Any], key: str | int | None, change: Callable[[Annotation], Annotation]
) -> Annotation:
    """Change one entry in place. Keys that this version does not know are kept."""
    holder, name = (data, "own") if key is None else (data.setdefault("runs", {}), str(key))
    if not isinstance(holder, dict):
        data["runs"] = holder = {}
    known = holder.get(name)
    annotation = change(_decode(known))
    entry = dict(known) if isinstance(known, dict) else {}
    values = {
        "name": annotation.name,
        "note": annotation.note,
        "tags": list(annotation.tags),
        "archived_at": annotation.archived_at,
        "deleted_at": annotation.deleted_at,
    }
    entry = {**{k: v for k, v in entry.items() if k not in values}, **_without_empty(values)}
    if entry:
        holder[name] = entry
    else:
        holder.pop(name, None)
    return annotation


def _without_empty(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in (None, "", [])}


@contextlib.contextmanager
def _alone(folder: OpenFolder) -> Iterator[None]:
    """Keep other editors of the folder's annotations out, as far as the file system can.

    Waits a bounded time: a process that hangs must not keep a user from writing a note.
    """
    if folder.fd is None:
        yield
        return
    deadline = time.monotonic() + _WAIT_FOR_OTHERS_S
    while not os_files.try_lock(folder.fd) and time.monotonic() < deadline:
        time.sleep(_ASK_AGAIN_S)
    yield  # closing the folder releases the lock
