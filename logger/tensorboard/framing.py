"""Where the records of an event file begin (TFRecord), and whether their checksums are right.

A record: its length (8 bytes, little-endian), the masked CRC-32C of these, that many bytes, and
their masked CRC-32C. Source: tensorflow/core/lib/io/record_writer.h.
"""

import struct
from dataclasses import dataclass

import numpy as np

from .crc32c import MARGIN, Bytes, Ints, crc32c, crc32c_of_records, masked, masked_all
from .distinct import distinct

HEAD, AROUND = 12, 16
MOST_RECORD_BYTES = 16 << 20
"""Longer records, of images or films, are skipped."""
CHECKED_BYTES = 16 << 10
"""For longer records, of images or sounds, only the checksum of the length is verified: their
framing is safe, and the rest would cost most of the time that reading takes. TensorBoard verifies
no record that it can parse (tensorboard/data/server/cli.rs, `--checksum`)."""
_FEW = 24
_FOLLOWED = 128
_MOST_GUESSED = 1 << 17
_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Records:
    """The whole and intact records at the beginning of some bytes.

    Attributes:
        buffer: shape (n_bytes,). `MARGIN` zeros, then the bytes.
        starts: shape (n_records,). Where in `buffer` the content of each begins.
        lengths: shape (n_records,), bytes.
        n_bytes: how many bytes they take up.
        is_damaged: the next bytes are no record, or one with a wrong checksum.
        n_missing: how many bytes the next one needs, if only its end is missing, or 0 otherwise.
    """

    buffer: Bytes
    starts: Ints
    lengths: Ints
    n_bytes: int
    is_damaged: bool
    n_missing: int

    def __len__(self) -> int:
        return len(self.starts)


def split(data: bytes) -> Records:
    """Split bytes into their whole records, checksums verified (see `CHECKED_BYTES`)."""
    starts, lengths, end = chain(data)
    head_is_damaged, n_missing = _look_at_rest(data, end)
    buffer = np.frombuffer(bytes(MARGIN) + data, np.uint8)
    at, sizes = starts + MARGIN, lengths
    n_intact = _count_intact(data, buffer, at, sizes)
    is_damaged = head_is_damaged or n_intact < len(at)
    if n_intact < len(at):
        at, sizes, n_missing = at[:n_intact], sizes[:n_intact], 0
        end = int(starts[n_intact]) - HEAD
    return Records(buffer, at, sizes, end, is_damaged, n_missing)


def chain(data: bytes) -> tuple[Ints, Ints, int]:
    """Follow the lengths: where the contents of whole records begin, and where the last ends.

    Lengths that repeat, as when a script logs the same metrics repeatedly, are guessed and compared
    many at a time.
    """
    parts: list[Ints] = []
    at = 0
    n_guessed = 0
    while True:
        lengths, end = _follow(data, at, _FOLLOWED)
        parts.append(np.array(lengths, np.int64))
        is_last = len(lengths) < _FOLLOWED
        at = end
        period = None if is_last else _period_of(lengths)
        if period is not None:
            n_guessed = min(max(_FOLLOWED, 2 * n_guessed), _MOST_GUESSED)
            guessed = _guess(data, at, np.array(period, np.int64), n_guessed)
            n_guessed = n_guessed if len(guessed) else 0
            at += int(guessed.sum()) + AROUND * len(guessed)
            parts.append(guessed)
        if is_last:
            break
    every = np.concatenate(parts)
    starts = np.cumsum(every + AROUND) - every - AROUND + HEAD
    return starts, every, at


def _follow(data: bytes, at: int, n_records: int) -> tuple[list[int], int]:
    lengths: list[int] = []
    n_bytes = len(data) - AROUND
    unpack = _LENGTH.unpack_from
    while at <= n_bytes and len(lengths) < n_records:
        length: int = unpack(data, at)[0]
        end = at + AROUND + length
        if end - AROUND > n_bytes:
            break
        lengths.append(length)
        at = end
    return lengths, at


def _period_of(lengths: list[int]) -> list[int] | None:
    """Return the shortest list whose repetition these lengths end with."""
    half = len(lengths) // 2
    for size in range(1, half + 1):
        if lengths[-half:] == lengths[-half - size : -size]:
            return lengths[-size:]
    return None


def _guess(data: bytes, at: int, period: Ints, n_records: int) -> Ints:
    """Guess the lengths of the records from a place on, as far as they match the period."""
    n_periods = (len(data) - at) // int((period + AROUND).sum()) + 1  # more would be too many
    guessed = np.tile(period, min(n_periods, n_records // len(period) + 1))
    ends = at + np.cumsum(guessed + AROUND)
    guessed = guessed[ends <= len(data)]
    starts = ends[: len(guessed)] - guessed - AROUND
    if not len(guessed):
        return guessed
    windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(data, np.uint8), 8)
    found = np.ascontiguousarray(windows[starts]).view("<i8")[:, 0]
    is_wrong = found != guessed
    return guessed[: int(is_wrong.argmax())] if is_wrong.any() else guessed


def _look_at_rest(data: bytes, at: int) -> tuple[bool, int]:
    """Return whether an unfinished record is damaged, and otherwise how many bytes it takes."""
    if at + HEAD > len(data):
        return False, 0
    if not head_is_intact(data, at):
        return True, 0
    return False, _LENGTH.unpack_from(data, at)[0] + AROUND


def head_is_intact(data: bytes, at: int) -> bool:
    """Return whether the length at this place has the right checksum."""
    found: int = _CRC.unpack_from(data, at + 8)[0]
    return masked(crc32c(data[at : at + 8])) == found


def _count_intact(data: bytes, buffer: Bytes, starts: Ints, lengths: Ints) -> int:
    """Return how many records there are before the first with wrong checksums."""
    if len(starts) <= _FEW:
        return _count_few(data, starts, lengths)
    first, which = distinct(lengths)
    heads = (_LENGTH.pack(length) for length in lengths[first].tolist())
    expected = np.array([masked(crc32c(head)) for head in heads], np.uint32)
    is_wrong = expected[which] != _crcs_at(buffer, starts - 4)
    n_heads = int(is_wrong.argmax()) if is_wrong.any() else len(starts)
    checked = np.flatnonzero(lengths[:n_heads] <= CHECKED_BYTES)
    starts, lengths = starts[checked], lengths[checked]
    crcs = masked_all(crc32c_of_records(buffer, starts, lengths))
    is_wrong = crcs != _crcs_at(buffer, starts + lengths)
    return int(checked[is_wrong.argmax()]) if is_wrong.any() else n_heads


def _count_few(data: bytes, starts: Ints, lengths: Ints) -> int:
    for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        at = start - MARGIN
        if not head_is_intact(data, at - HEAD):
            return number
        crc = _CRC.unpack_from(data, at + length)[0]
        if length <= CHECKED_BYTES and masked(crc32c(data[at : at + length])) != crc:
            return number
    return len(starts)


def _crcs_at(buffer: Bytes, at: Ints) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    words = np.ndarray((max(len(buffer) - 3, 0),), "<u4", buffer, strides=(1,))  # at each byte
    return np.asarray(words[at], np.uint32)


def frame(content: bytes) -> bytes:
    """Frame a record."""
    length = _LENGTH.pack(len(content))
    heads = length + _CRC.pack(masked(crc32c(length)))
    return heads + content + _CRC.pack(masked(crc32c(content)))
