"""The checksums of many records at once.

A CRC is linear over GF(2): the CRC of a record is the exclusive or of the contributions of its
sixteen 16-bit words. So one table of 65,536 entries for each word, and sixteen look-ups, verify any
number of records without a Python loop: about 20 ns a record.
"""

from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ..records import (
    CHECKSUM_MASK,
    CHECKSUM_SHIFT,
    ID_SHIFT,
    KIND_END,
    KIND_MASK,
    KIND_SCALAR,
    RECORD_SIZE,
)

Rows = NDArray[np.uint64]
"""Shape (n_records, 4): head, step, wall time, value."""

_N_WORDS = RECORD_SIZE // 2


def as_rows(data: bytes | memoryview) -> Rows:
    """Return the whole records in some bytes, without a copy. A partial one at the end is left
    out."""
    return np.frombuffer(data, "<u8", len(data) // RECORD_SIZE * 4).reshape(-1, 4)


def are_intact(rows: Rows) -> NDArray[np.bool_]:
    """Return which records are of a known kind with the right checksum, shape (n_records,)."""
    tables, checksum_of_zeros = _tables()
    words = rows.view("<u2")
    difference = np.full(len(rows), checksum_of_zeros, np.uint32)
    contribution = np.empty(len(rows), np.uint32)
    for index in range(_N_WORDS):
        # "wrap" cannot happen, and is faster than a check that it does not.
        tables[index].take(words[:, index], out=contribution, mode="wrap")
        np.bitwise_xor(difference, contribution, out=difference)
    kinds = words[:, 0] & np.uint16(KIND_MASK)
    is_good: NDArray[np.bool_] = (difference == 0) & (kinds >= KIND_SCALAR) & (kinds <= KIND_END)
    return is_good


@cache
def _tables() -> tuple[NDArray[np.uint32], int]:
    """Return what each 16-bit word contributes to the checksum, shape (16, 65536).

    The words that hold the checksum itself contribute it, so that all contributions together, with
    the checksum of 32 zero bytes (also returned), cancel in an intact record.
    """
    checksum_of_zeros = crc32(bytes(RECORD_SIZE)) & CHECKSUM_MASK
    bits = np.empty((_N_WORDS, 16), np.uint32)
    for bit in range(RECORD_SIZE * 8):
        bits[divmod(bit, 16)] = _contribution_of(bit, checksum_of_zeros)
    tables = np.zeros((_N_WORDS, 1 << 16), np.uint32)
    for bit in range(16):
        half = 1 << bit
        tables[:, half : 2 * half] = tables[:, :half] ^ bits[:, bit : bit + 1]
    return tables, checksum_of_zeros


def _contribution_of(bit: int, checksum_of_zeros: int) -> int:
    if CHECKSUM_SHIFT <= bit < ID_SHIFT:
        return 1 << (bit - CHECKSUM_SHIFT)
    record = (1 << bit).to_bytes(RECORD_SIZE, "little")
    return crc32(record) & CHECKSUM_MASK ^ checksum_of_zeros
