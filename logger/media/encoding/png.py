"""PNG from pixels, with zlib alone."""

import struct
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # grey, grey and alpha, RGB, RGBA
_LEVEL = 4  # close to the default's size for photographs, in half the time
_UP = 2


def encode_png(pixels: "Any") -> bytes:
    """Encode a numpy array of uint8 as PNG.

    Args:
        pixels: shape (height, width, channels), 1 to 4 channels.
    """
    import numpy

    height, width, n_channels = pixels.shape
    rows = numpy.ascontiguousarray(pixels).reshape(height, width * n_channels)
    filtered = numpy.empty((height, 1 + width * n_channels), numpy.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    numpy.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOR_TYPES[n_channels], 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(filtered.data, _LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
