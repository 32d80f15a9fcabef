"""The entries of one step in the form that a card needs."""

from urllib.parse import quote

from ml_tracking_ops.logger.media.encoding.contents import HEAD_BYTES, Content, content_of
from ml_tracking_ops.logger.media.entries import MediaEntry
from ml_tracking_ops.logger.media.kinds import AUDIO, AUDIO_SUFFIXES, IMAGE, IMAGE_SUFFIXES, TEXT
from ml_tracking_ops.logger.media.opening import fields_of, open_media
from ml_tracking_ops.logger.media.reading import text_of

from .markdown import MOST_CHARACTERS, render_markdown
from .shapes import ShownEntry
from .sounds import seconds_of_wav

MOST_PIXELS = 64_000_000
"""A larger image is offered as a download: a browser would take a gigabyte for it."""
_MOST_SIDE = 30_000
_THUMB_FROM_BYTES = 48 << 10
_GONE = "The file no longer exists, or is not the one that was logged."
_NO_IMAGE = "This file is no image that can be shown."


def shown_entry(run: str, entry: MediaEntry, place: int) -> ShownEntry:
    """Return one entry. An error in it affects only its own card."""
    item: ShownEntry = {"place": place, "wall_time": entry.wall_time}
    if entry.caption:
        item["caption"] = entry.caption
    try:
        if entry.kind == IMAGE:
            _add_image(item, run, entry)
        elif entry.kind == AUDIO:
            _add_audio(item, run, entry)
        elif entry.kind == TEXT:
            item["html"], item["is_cut"] = render_markdown(text_of(entry))
    except OSError:
        item["trouble"] = _GONE
    return item


def n_characters_of(entry: MediaEntry) -> int:
    """Return how many characters of a text are converted to HTML at most, or 0 if it is none."""
    if entry.kind != TEXT:
        return 0
    return min(entry.length if entry.file is None else entry.size_bytes, MOST_CHARACTERS)


def href_of(run: str, entry: MediaEntry, place: int, **more: str) -> str:
    """Return the address of the bytes of an entry. Another file has another address."""
    named = {
        "run": run,
        "kind": entry.kind,
        "name": entry.name,
        "step": str(entry.step),
        "place": str(place),
        "v": version_of(entry),
        **more,
    }
    return "/media?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in named.items())


def version_of(entry: MediaEntry) -> str:
    """Return a value that differs between any two files that an address may refer to."""
    if entry.file is not None:
        return entry.file.rpartition("/")[2].partition(".")[0]
    return f"{entry.at:x}-{entry.length:x}-{entry.size_bytes:x}"


def head_of(entry: MediaEntry) -> bytes:
    """Return the first bytes of an entry.

    Raises:
        OSError: they are missing.
    """
    with open_media(entry) as part:
        return part.read(0, HEAD_BYTES)


def why_not_shown(content: Content | None) -> str | None:
    """Explain why an image is not shown, or return None if it is."""
    if content is None or content.suffix not in IMAGE_SUFFIXES or content.suffix == ".svg":
        return _NO_IMAGE
    if content.width < 1 or content.height < 1:
        return _NO_IMAGE
    is_huge = content.width * content.height > MOST_PIXELS
    if is_huge or max(content.width, content.height) > _MOST_SIDE:
        return f"{content.width} × {content.height} pixels are too many to show."
    return None


def _add_image(item: ShownEntry, run: str, entry: MediaEntry) -> None:
    content = content_of(head_of(entry))
    item["href"], item["size_bytes"] = href_of(run, entry, item["place"]), entry.size_bytes
    trouble = why_not_shown(content)
    if trouble is not None or content is None:
        item["trouble"] = trouble or _NO_IMAGE
        return
    item["width"], item["height"] = content.width, content.height
    if entry.size_bytes > _THUMB_FROM_BYTES:
        item["thumb"] = href_of(run, entry, item["place"], thumb="1")
    if entry.svg is not None:
        item["svg"] = href_of(run, entry, item["place"], svg="1")


def _add_audio(item: ShownEntry, run: str, entry: MediaEntry) -> None:
    head = head_of(entry)
    content = content_of(head)
    item["href"], item["size_bytes"] = href_of(run, entry, item["place"]), entry.size_bytes
    if content is None or content.suffix not in AUDIO_SUFFIXES:
        item["trouble"] = "This file is no sound that can be played."
    seconds = _seconds_of(entry, head)
    if isinstance(seconds, float) and 0 <= seconds < 1e9:
        item["seconds"] = seconds


def _seconds_of(entry: MediaEntry, head: bytes) -> object:
    """Return how long a sound lasts: an index says it, and a WAV file in an event file itself."""
    return seconds_of_wav(head, entry.size_bytes) if entry.form else fields_of(entry).get("seconds")
