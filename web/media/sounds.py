"""How long a sound lasts, read from the first bytes of its file."""

import struct

_CHUNK = struct.Struct("<4sI")


def seconds_of_wav(head: bytes, size_bytes: int) -> float | None:
    """Return how long a WAV file lasts, or None for other files or if its head does not say.

    Args:
        head: the first bytes of the file.
        size_bytes: of the whole file. What is recorded beyond it does not count.
    """
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, bytes_per_s = 12, 0
    while at + _CHUNK.size <= len(head):
        kind, n_bytes = _CHUNK.unpack_from(head, at)
        at += _CHUNK.size
        if kind == b"data":
            return min(n_bytes, max(0, size_bytes - at)) / bytes_per_s if bytes_per_s else None
        if kind == b"fmt " and at + 12 <= len(head):
            (bytes_per_s,) = struct.unpack_from("<I", head, at + 8)
        at += n_bytes + (n_bytes & 1)
    return None
