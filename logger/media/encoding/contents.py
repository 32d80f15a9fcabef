"""The type of a file, by its first bytes and never by its name, and the size of an image."""

import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

HEAD_BYTES = 256 << 10
"""How many bytes of a file are examined: a JPEG may carry a preview before its size."""

_MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
}
# start of frame. The numbers between them mean something else
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Content:
    """What some bytes are.

    Attributes:
        suffix: `.png` and the like.
        width, height: in pixels, or 0 if it is no image, or of an SVG.
    """

    __slots__ = ("height", "suffix", "width")

    def __init__(self, suffix: str, width: int = 0, height: int = 0) -> None:
        self.suffix: Final = suffix
        self.width: Final = width
        self.height: Final = height

    @property
    def media_type(self) -> str:
        """The value for the header `Content-Type`."""
        return _MEDIA_TYPES[self.suffix]


def content_of(head: bytes) -> Content | None:
    """Return the type of what begins with these bytes, or None if it is no known image or audio."""
    try:
        return _image(head) or _audio(head)
    except struct.error:  # the file ends within its header
        return None


def _image(head: bytes) -> Content | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return Content(".png", *struct.unpack(">II", head[16:24]))
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return Content(".gif", *struct.unpack("<HH", head[6:10]))
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    return Content(".svg") if _is_svg(head) else None


def _jpeg(head: bytes) -> Content | None:
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 1 or 0xD0 <= marker <= 0xD8:  # these have no length field
            at += 2
        elif marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return Content(".jpg", width, height)
        else:
            at += 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]
    return None


def _webp(head: bytes) -> Content | None:
    form = head[12:16]
    if form == b"VP8X":
        width, height = head[24:27], head[27:30]
        sides = (int.from_bytes(side, "little") + 1 for side in (width, height))
        return Content(".webp", *sides) if len(height) == 3 else None
    if form == b"VP8L":
        bits = struct.unpack("<I", head[21:25])[0]
        return Content(".webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width_bits, height_bits = struct.unpack("<HH", head[26:30])
        return Content(".webp", width_bits & 0x3FFF, height_bits & 0x3FFF)
    return None


def _is_svg(head: bytes) -> bool:
    text = head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith((b"<svg", b"<?xml", b"<!DOCTYPE svg")) and b"<svg" in text


def _audio(head: bytes) -> Content | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Content(".wav")
    if head.startswith(b"fLaC"):
        return Content(".flac")
    if head.startswith(b"OggS"):
        return Content(".ogg")
    is_mp3 = head.startswith(b"ID3") or head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")
    return Content(".mp3") if is_mp3 else None
