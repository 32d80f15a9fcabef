"""CRC-32C, the checksum of event files, over many records at once.

Sarwate's algorithm with a table of 65,536 entries (two bytes a step, "slicing by 2"). numpy does
each step for all records together. Long records are cut into blocks, whose checksums are combined
by matrices over GF(2), as in zlib's `crc32_combine`. A table for each byte does what a matrix does.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Crcs = NDArray[np.uint32]
Ints = NDArray[np.int64]

MARGIN = 512
"""How many bytes a buffer must have before the first record."""

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_WIDTHS = (32, 48, 64, 80, 112, 160, 256, 512)
_BLOCK = 128
_ROWS = 8192  # so many rows of a usual width stay in the processor's cache
_MASK_DELTA = 0xA282EAD8


def _make_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _make_table()


def masked(crc: int) -> int:
    """Mask a checksum as TFRecord files do."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def masked_all(crcs: Crcs) -> Crcs:
    """Mask many checksums."""
    rotated = crcs >> np.uint32(15) | crcs << np.uint32(17)
    return rotated + np.uint32(_MASK_DELTA)


def crc32c(data: bytes) -> int:
    """Compute the checksum of some bytes."""
    if len(data) > MARGIN:
        buffer = np.frombuffer(bytes(MARGIN) + data, np.uint8)
        return int(_of_long(buffer, MARGIN, len(data)))
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def crc32c_of_records(buffer: Bytes, starts: Ints, lengths: Ints) -> Crcs:
    """Compute the checksums of records in a buffer.

    Args:
        buffer: shape (n_bytes,). The records begin at `MARGIN` or behind it.
        starts: shape (n_records,). Where each begins.
        lengths: shape (n_records,), bytes.

    Returns:
        shape (n_records,).
    """
    crcs = np.empty(len(starts), np.uint32)
    widths = np.searchsorted(_WIDTHS, lengths)
    for number, width in enumerate(_WIDTHS):
        found = np.flatnonzero((widths == number) & (lengths >= 4))
        for begin in range(0, len(found), _ROWS):
            some = found[begin : begin + _ROWS]
            crcs[some] = _of_short(buffer, starts[some], lengths[some], width)
    for index in np.flatnonzero(lengths < 4):
        start = int(starts[index])
        crcs[index] = crc32c(buffer[start : start + int(lengths[index])].tobytes())
    for index in np.flatnonzero(widths == len(_WIDTHS)):
        crcs[index] = _of_long(buffer, int(starts[index]), int(lengths[index]))
    return crcs


def _of_short(buffer: Bytes, starts: Ints, lengths: Ints, width: int) -> Crcs:
    """Return records of 4 to `width` bytes, aligned at their ends behind zeros.

    Zeros do not change a register of zero. Beginning with ones equals inverting the first four
    bytes.
    """
    windows = np.lib.stride_tricks.sliding_window_view(buffer, width)
    rows = windows[starts + lengths - width]
    n_zeros = width - lengths
    if n_zeros.any():
        rows[np.arange(width) < n_zeros[:, None]] = 0
    rows[np.arange(len(rows))[:, None], n_zeros[:, None] + np.arange(4)] ^= 0xFF
    return _registers(rows) ^ np.uint32(0xFFFFFFFF)


def _of_long(buffer: Bytes, start: int, length: int) -> np.uint32:
    n_blocks = 1 << (-(-length // _BLOCK) - 1).bit_length()
    padded = np.zeros(n_blocks * _BLOCK, np.uint8)
    first = len(padded) - length
    padded[first:] = buffer[start : start + length]
    padded[first : first + 4] ^= 0xFF
    crcs = _registers(padded.reshape(n_blocks, _BLOCK))
    level = 0
    while len(crcs) > 1:
        crcs = _shifted(crcs[0::2], level) ^ crcs[1::2]
        level += 1
    return np.uint32(crcs[0] ^ np.uint32(0xFFFFFFFF))


def _registers(rows: Bytes) -> Crcs:
    """Compute the register after each row, shape (n_rows, an even number), from zero."""
    table = _table_of_pairs()
    columns = np.ascontiguousarray(np.ascontiguousarray(rows).view("<u2").T)
    registers = np.zeros(len(rows), np.uint32)
    for column in columns:
        low = registers.astype(np.uint16) ^ column
        registers = table.take(low, mode="wrap") ^ registers >> np.uint32(16)
    return registers


@cache
def _table_of_pairs() -> Crcs:
    """Return the register after two bytes, for all pairs of bytes, from a register of zero."""
    table = np.array(_TABLE, np.uint32)
    pairs = np.arange(1 << 16, dtype=np.uint32)
    first = table[pairs & 0xFF]
    return np.asarray(table[(first ^ pairs >> 8) & 0xFF] ^ first >> 8, np.uint32)


def _shifted(crcs: Crcs, level: int) -> Crcs:
    """Return the registers after `_BLOCK` · 2^level zeros behind them."""
    shifted = np.zeros_like(crcs)
    for byte, table in enumerate(_zeros_tables(level)):
        shifted ^= table.take(crcs >> np.uint32(8 * byte) & np.uint32(0xFF))
    return shifted


@cache
def _zeros_tables(level: int) -> list[Crcs]:
    """Return the register after that many zeros, for each value of each of its four bytes."""
    matrix, values = _zeros_matrix(level), np.arange(256, dtype=np.uint32)
    tables = [np.zeros(256, np.uint32) for _ in range(4)]
    for bit in range(32):
        is_set = values >> np.uint32(bit % 8) & np.uint32(1)
        tables[bit // 8] ^= is_set * matrix[bit]
    return tables


@cache
def _zeros_matrix(level: int) -> Crcs:
    """Return the register after that many zeros, for each bit of a register."""
    if level > 0:
        return _shifted(_zeros_matrix(level - 1), level - 1)
    registers = np.uint32(1) << np.arange(32, dtype=np.uint32)
    table = np.array(_TABLE, np.uint32)
    for _ in range(_BLOCK):
        registers = table[registers & 0xFF] ^ registers >> np.uint32(8)
    return registers
