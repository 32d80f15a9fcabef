"""What is kept of logs for the figures of groups, in bounded memory."""

import threading
from collections import OrderedDict
from pathlib import Path

from ..series.store import Identity
from .statistics import Digest

_MAX_BYTES = 64 << 20

Key = tuple[Path, str, str]


class DigestCache:
    """The latest used digests that fit, each valid while its log stays as it is."""

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[Key, tuple[Identity, Digest]] = OrderedDict()
        self._total_bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key, identity: Identity) -> Digest | None:
        with self._lock:
            known, found = self._entries.get(key, ((), None))
            if found is None or known != identity:
                return None
            self._entries.move_to_end(key)
            return found

    def put(self, key: Key, identity: Identity, found: Digest) -> None:
        with self._lock:
            _, before = self._entries.pop(key, ((), None))
            self._total_bytes -= 0 if before is None else before.size_bytes
            self._entries[key] = identity, found
            self._total_bytes += found.size_bytes
            while self._total_bytes > self._max_bytes:
                _, (_, oldest) = self._entries.popitem(last=False)
                self._total_bytes -= oldest.size_bytes
