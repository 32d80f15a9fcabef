"""Packed points of many runs, kept in the user's cache: a later server sends them as they are."""

import gzip
import time
from collections.abc import Collection
from zlib import crc32

from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.orchestrator.store.files.identities import Identity

LEAST_RUNS = 20
"""The points of fewer runs are put together as fast as they are read from the cache."""

SETTLED_S = 60.0
_MOST_BYTES = 32 << 20
_FORMAT = 1
"""Of the answers. To be raised whenever `packing`, `condensing` or `thinning` yield other bytes."""

_CHECKSUM_BYTES = 4
_COMPRESSION_LEVEL = 3


class KeptAnswers:
    """Answers by their entity tag, which stands for the request and for the state of each log.

    They are compressed with gzip, as nearly every client accepts them.

    Args:
        cache: without one nothing is kept.
    """

    def __init__(self, cache: CacheFolder | None) -> None:
        self._cache = cache

    def find(self, etag: str) -> bytes | None:
        """Return an answer as it was kept, compressed, or None."""
        if self._cache is None:
            return None
        data = self._cache.use(_key(etag), lambda read_at: read_at(0, _MOST_BYTES))
        if data is None:
            return None
        if crc32(data[_CHECKSUM_BYTES:]) != int.from_bytes(data[:_CHECKSUM_BYTES], "little"):
            self._cache.remove(_key(etag))
            return None
        return data[_CHECKSUM_BYTES:]

    def keep(self, etag: str, body: bytes, files: Collection[Identity]) -> bytes | None:
        """Keep an answer, if it is about many runs and none of them is still growing.

        Args:
            files: of all logs.

        Returns:
            It compressed, or None if it is not kept.
        """
        if self._cache is None or len(files) < LEAST_RUNS:
            return None
        if max(one.modified_ns for one in files) / 1e9 > time.time() - SETTLED_S:
            return None
        data = gzip.compress(body, _COMPRESSION_LEVEL, mtime=0)
        if len(data) > _MOST_BYTES // 2:
            return None
        self._cache.write(_key(etag), crc32(data).to_bytes(_CHECKSUM_BYTES, "little") + data)
        return data


def _key(etag: str) -> str:
    return f"points {_FORMAT} {etag}"
