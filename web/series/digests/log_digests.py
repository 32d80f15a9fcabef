"""Find the digest of a log: in the cache, extended by what is new, or made of the whole log."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ml_tracking_ops.logger.reading.attempts import earlier_logs
from ml_tracking_ops.logger.reading.bounded_reading import given_up
from ml_tracking_ops.logger.reading.continuation import mark_at, read_behind
from ml_tracking_ops.logger.reading.reader import LogFormatError, read_run_log
from ml_tracking_ops.logger.tensorboard.event_names import files_beside, is_event_file
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder
from ml_tracking_ops.orchestrator.store.files.identities import Identity, identify

from .digest import Digest, extended_digest, make_digest
from .encoding import DigestError, DigestReader, encode_digest
from .writing import DigestWriter

MAX_METRICS = 1_000
"""The most metrics of a log that are shown, the first ones. `metric_limit.js` has the same
number."""
MOST_WAITING_BYTES = 96 << 20
"""Memory for digests that wait to be written."""

T = TypeVar("T")
Source = Digest | DigestReader
"""The sources of digests: memory and the cache."""


@dataclass(frozen=True, slots=True)
class _Outdated:
    """A digest of a log that has grown since."""

    digest: Digest


class LogDigests:
    """The digests of any number of logs, for any number of threads.

    Args:
        cache: where digests are kept. Without it each is made of the whole log.
    """

    def __init__(
        self, cache: CacheFolder | None = None, most_waiting_bytes: int = MOST_WAITING_BYTES
    ) -> None:
        self._cache = cache
        self._writer = (
            None if cache is None else DigestWriter(cache, self._remade, most_waiting_bytes)
        )

    def use(self, path: Path, take: Callable[[Source], T]) -> T | None:
        """Return the result of `take` for the digest of the current log, or None if it cannot be
        read.

        `take` may be called twice, if the cache turns out to be damaged.
        """
        files = files_of(path)
        if files is None:
            return None
        found = self._known(path, files, take)
        if found is not None and not isinstance(found, _Outdated):
            return found
        try:
            digest = self._extended(path, files, found) if found is not None else None
            if digest is None:
                digest = self._made(path, files)
        except (OSError, LogFormatError):
            return None
        if self._writer is not None and not given_up().keys() & paths_of_log(path):
            self._writer.put(path, digest)
        return take(digest)

    @property
    def are_kept(self) -> bool:
        """Whether there is a cache."""
        return self._cache is not None

    def prepare(self, path: Path) -> bool:
        """Put the digest of a log into the cache, unless one was put there since the log changed.

        Returns:
            Whether there is a cache that takes digests.
        """
        if self._cache is None:
            return False
        files = files_of(path)
        if files is None:
            return True
        modified_at = max(one.modified_ns for one in files) / 1e9
        if (self._cache.written_at(str(path)) or 0.0) > modified_at:
            return True
        try:
            digest = self._made(path, files)
        except (OSError, LogFormatError):
            return True
        if given_up().keys() & paths_of_log(path):
            return True
        return self._cache.write(str(path), encode_digest(digest, str(path)))

    def close(self) -> None:
        """Write what is still to be written. Takes a moment at most."""
        if self._writer is not None:
            self._writer.close()

    def _known(
        self, path: Path, files: tuple[Identity, ...], take: Callable[[Source], T]
    ) -> T | _Outdated | None:
        if self._cache is None or self._writer is None:
            return None
        waiting = self._writer.waiting(path)
        if waiting is not None and waiting.files == files:
            return take(waiting)
        if waiting is not None:
            return _Outdated(waiting) if _has_grown(waiting, files) else None

        def read(read_at: Callable[[int, int], bytes]) -> T | _Outdated | None:
            reader = DigestReader(read_at, str(path))
            if reader.files == files:
                return take(reader)
            return _Outdated(reader.digest()) if _has_grown(reader, files) else None

        try:
            return self._cache.use(str(path), read)
        except (DigestError, ValueError):  # numbers that passed the checksum, but are inconsistent
            self._cache.remove(str(path))
            return None

    def _extended(
        self, path: Path, files: tuple[Identity, ...], outdated: _Outdated
    ) -> Digest | None:
        known = outdated.digest
        if known.mark is None:
            return None
        behind = read_behind(path, known.mark, known.names, MAX_METRICS)
        if behind is None:
            return None
        return extended_digest(known, behind.series, files, behind.mark)

    def _remade(self, path: Path) -> Digest | None:
        files = files_of(path)
        try:
            return None if files is None else self._made(path, files)
        except (OSError, LogFormatError):
            return None

    def _made(self, path: Path, files: tuple[Identity, ...]) -> Digest:
        log = read_run_log(path, max_metrics=MAX_METRICS)
        is_kept = self._cache is not None and not log.is_legacy and not is_event_file(path)
        return make_digest(log, files, mark_at(path, log.size_bytes) if is_kept else None)


def files_of(path: Path) -> tuple[Identity, ...] | None:
    """Return the identities of a log and of the existing logs of earlier attempts."""
    own = identify(path)
    if own is None:
        return None
    earlier = (identify(other) for other in _others(path))
    return (own, *(one for one in earlier if one is not None))


def paths_of_log(path: Path) -> set[str]:
    """Return the paths of a log and of the other files that its digest is made of."""
    return {str(path), *_others(path)}


def _others(path: Path) -> list[str]:
    """Return the other files of a log: those of earlier attempts, or the other event files."""
    if is_event_file(path):
        return [other for other in files_beside(str(path)) if other != str(path)]
    return earlier_logs(path)


def _has_grown(known: Source, files: tuple[Identity, ...]) -> bool:
    """Return whether the log is the same file, only longer, and continues the same attempts."""
    old, new = known.files[0], files[0]
    is_same_file = old.file == new.file and known.files[1:] == files[1:]
    return is_same_file and new.size_bytes > old.size_bytes and known.n_left_out == 0
