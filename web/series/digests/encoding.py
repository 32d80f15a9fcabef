"""Digests as bytes: a header, the facts, and the levels from coarse to fine, each with a checksum.

    magic (8) · length of the header (u32) · its CRC-32 (u32) · header (JSON) · sections

All numbers are little-endian. The header names the log and the beginning of each section, so that a
chart of very many runs reads only the first kilobytes of each. Anything that does not match the
header, or a checksum, raises `DigestError`: the digest is then made again.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np

from ml_tracking_ops.logger.reading.continuation import LogPosition
from ml_tracking_ops.orchestrator.store.files.identities import Identity

from ..thinning import Points
from .condensing import FINEST, Stack, coarser, joined
from .digest import LEVELS, Beside, Digest, Facts, Level, level_of

_MAGIC = b"MLTOdg02"
_BESIDE = ("abandoned", "repeated")
_PREFIX_BYTES = len(_MAGIC) + 8
HEAD_BYTES = 8 << 10
"""The number of bytes read at once: enough for a chart of many runs of a few metrics."""
_MOST_HEADER_BYTES = 64 << 20

ReadAt = Callable[[int, int], bytes]
"""(offset, number of bytes) → the bytes, fewer where the file ends."""


class DigestError(ValueError):
    """The bytes are no digest, or not a complete one."""


def encode_digest(digest: Digest, path: str) -> bytes:
    """Return the bytes of the digest of the log at a path."""
    sections = dict(_sections(digest))
    described, offset = {}, 0
    for name, data in sections.items():
        described[name] = [offset, len(data), crc32(data)]
        offset += len(data)
    mark = digest.mark
    header = {
        "path": path,
        "files": digest.files,
        "cursor": digest.cursor,
        "names": digest.names,
        "n_left_out": digest.n_left_out,
        "mark": None if mark is None else [mark.cursor, mark.checksum],
        **{kind: _lengths(getattr(digest.beside, kind)) for kind in _BESIDE},
        "sections": described,
    }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(_PREFIX_BYTES + len(text)) % 8)
    start = _MAGIC + len(text).to_bytes(4, "little") + crc32(text).to_bytes(4, "little")
    return b"".join((start, text, *sections.values()))


def _sections(digest: Digest) -> Iterator[tuple[str, bytes]]:
    facts = digest.facts
    columns = (facts.count, facts.last_step, facts.last, facts.low, facts.high)
    counts = digest.finest.counts
    yield "facts", b"".join(column.tobytes() for column in (*columns, counts))
    for kind in _BESIDE:
        yield kind, _point_bytes(joined(list(getattr(digest.beside, kind).values())))
    n_finest = len(digest.finest.points)
    for level in reversed(LEVELS):  # the coarser ones are made of the finer one
        digest.level(level)
    for level in LEVELS:
        stack = digest.level(level).stack
        if 2 * len(stack.points) <= n_finest:
            yield str(level), stack.lengths.tobytes() + _point_bytes(stack.points)
    finest = digest.finest
    places = b"" if finest.places is None else finest.places.tobytes()
    yield str(FINEST), finest.lengths.tobytes() + _point_bytes(finest.points) + places


def _lengths(beside: Mapping[str, Points]) -> list[tuple[str, int]]:
    return [(name, len(points)) for name, points in beside.items()]


def _point_bytes(points: Points) -> bytes:
    return points.step.tobytes() + points.wall_time.tobytes() + points.value.tobytes()


class DigestReader:
    """Reads the needed parts of one digest.

    Raises:
        DigestError: in all methods.
    """

    def __init__(self, read_at: ReadAt, path: str) -> None:
        self._read_at = read_at
        self._start = read_at(0, HEAD_BYTES)
        header, self._sections_at = self._header()
        if header.get("path") != path:
            raise DigestError("it is the digest of another log")
        try:
            self._take(header)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DigestError(f"its header is damaged: {error!r}") from None

    def _header(self) -> tuple[Mapping[str, Any], int]:
        start = self._start
        if start[: len(_MAGIC)] != _MAGIC:
            raise DigestError("it is not a digest")
        n_bytes = int.from_bytes(start[8:12], "little")
        if n_bytes > _MOST_HEADER_BYTES:
            raise DigestError("its header is too long")
        text = self._bytes_at(_PREFIX_BYTES, n_bytes)
        if crc32(text) != int.from_bytes(start[12:16], "little"):
            raise DigestError("its header is damaged")
        try:
            header = json.loads(text)
        except ValueError:
            raise DigestError("its header is damaged") from None
        if not isinstance(header, dict):
            raise DigestError("its header is damaged")
        return header, _PREFIX_BYTES + n_bytes

    def _take(self, header: Mapping[str, Any]) -> None:
        self.files = tuple(Identity(*one) for one in header["files"])
        self.cursor = int(header["cursor"])
        self.names = tuple(header["names"])
        self.n_left_out = int(header["n_left_out"])
        self.mark = None if header["mark"] is None else LogPosition(*header["mark"])
        self._lengths_beside = {kind: dict(header[kind]) for kind in _BESIDE}
        self._sections = header["sections"]

    def _bytes_at(self, offset: int, n_bytes: int) -> bytes:
        end = offset + n_bytes
        if end <= len(self._start):
            return self._start[offset:end]
        return self._read_at(offset, n_bytes)

    def _section(self, name: str) -> bytes:
        try:
            offset, n_bytes, checksum = map(int, self._sections[name])
        except (KeyError, TypeError, ValueError):
            raise DigestError(f"it has no section {name}") from None
        data = self._bytes_at(self._sections_at + offset, n_bytes)
        if len(data) != n_bytes or crc32(data) != checksum:
            raise DigestError(f"its section {name} is damaged")
        return data

    @property
    def facts(self) -> Facts:
        return Facts(*self._numbers[:5])

    @cached_property
    def _numbers(self) -> tuple[Any, ...]:
        data, n = self._section("facts"), len(self.names)
        if len(data) != 6 * 8 * n:
            raise DigestError("its facts are damaged")
        kinds = ("<i8", "<i8", "<f8", "<f8", "<f8", "<i8")
        return tuple(np.frombuffer(data, kind, n, 8 * n * at) for at, kind in enumerate(kinds))

    @property
    def beside(self) -> Beside:
        return Beside(*(self._points_beside(kind) for kind in _BESIDE))

    def _points_beside(self, kind: str) -> dict[str, Points]:
        lengths = self._lengths_beside[kind]
        if not lengths:
            return {}
        points, start = _points_of(self._section(kind), 0, sum(lengths.values())), 0
        found = {}
        for name, n in lengths.items():
            found[name] = points.take(slice(start, start + n)).copied()
            start += n
        return found

    def level(self, n_buckets: int) -> Level:
        """Return the coarsest level that has this many buckets."""
        level = level_of(n_buckets)
        if str(level) in self._sections:
            return Level(level, self._stack(level))
        return Level(level, coarser(self._stack(FINEST), level))

    def _stack(self, level: int) -> Stack:
        data, n = self._section(str(level)), len(self.names)
        lengths = np.frombuffer(data, "<i8", n)
        total = int(lengths.sum())
        points = _points_of(data, 8 * n, total)
        counts = self._numbers[5]
        end = 8 * n + 24 * total
        is_finest = level == FINEST and len(data) > end  # for others there is no coarser one
        places = np.frombuffer(data, "<i8", total, end) if is_finest else None
        return Stack(points, places, lengths, counts)

    def digest(self) -> Digest:
        """Return all of it, to be extended."""
        return Digest(
            self.files,
            self.cursor,
            self.names,
            self.n_left_out,
            self.facts,
            self._stack(FINEST),
            self.beside,
            self.mark,
        )


def _points_of(data: bytes, offset: int, n: int) -> Points:
    if n < 0 or offset + 24 * n > len(data):
        raise DigestError("it is cut short")
    return Points(
        np.frombuffer(data, "<i8", n, offset),
        np.frombuffer(data, "<f8", n, offset + 8 * n),
        np.frombuffer(data, "<f8", n, offset + 16 * n),
    )
