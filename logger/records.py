"""The `.dat` format, version 1. No other module knows a byte of it.

A file is a 32-byte header followed by 32-byte records, all little-endian.

Header::

    offset  size
         0     8  magic
         8     2  format version
        10     2  byte-order mark
        12     4  size of a record, 32
        16     8  when the file was made: float64, seconds since the epoch
        24     4  reserved, zero
        28     4  CRC-32 of the 28 bytes before

Record::

    offset  size
         0     8  head: kind (4 bits), checksum (20 bits), metric id (40 bits), lowest bits first
         8    24  by kind
                  SCALAR  step int64, wall time float64 (seconds since the epoch), value float64
                  NAME    index of this part uint16, length of the name in bytes uint16,
                          20 bytes of the name in UTF-8, padded with NUL
                  END     0 finished / 1 failed / 2 exit code not known / 3 opened again int64,
                          wall time float64, zero float64

The checksum is the low 20 bits of the CRC-32 of the record with the checksum's own bits zero.
It catches every error of one or two bits, and every burst of up to 14. Kind 0 is never written,
so that a block of NUL bytes holds no record.
"""

import struct
from zlib import crc32

VERSION = 1
RECORD_SIZE = 32

KIND_SCALAR = 1
KIND_NAME = 2
KIND_END = 3

KIND_MASK = 0xF
CHECKSUM_MASK = 0xFFFFF
CHECKSUM_SHIFT = 4
ID_SHIFT = 24
ID_MASK = (1 << 40) - 1

MAX_NAME_BYTES = 0xFFFF
_NAME_PART_BYTES = 20

# As in PNG: a byte beyond ASCII and a line end, so that a transfer in text mode shows at once.
_MAGIC = b"\x89MLTOPS\n"
_BYTE_ORDER_MARK = 0x0102
_SWAPPED_MARK = 0x0201
"""The same in the order of big-endian machines."""
_HEADER = struct.Struct("<8sHHIdI")

pack_record = struct.Struct("<Qqdd").pack
"""``(head, step, wall_time, value)`` → the 32 bytes of a scalar record."""
pack_payload = struct.Struct("<qdd").pack
"""``(step, wall_time, value)`` → the 24 bytes that follow a scalar record's head."""
unpack_record = struct.Struct("<Qqdd").unpack
_pack_head = struct.Struct("<Q").pack
_pack_name_part = struct.Struct("<HH20s").pack
_unpack_name_part = struct.Struct("<8xHH20s").unpack


class LogFormatError(ValueError):
    """The file is no log at all, or was written by a newer version.

    Damage inside a log never raises this: it is skipped and counted.

    Attributes:
        is_log: it is a log, but one that this version cannot read.
    """

    is_log = False


class LogVersionError(LogFormatError):
    """A newer version wrote the log, or a program that uses the other byte order."""

    is_log = True


def metric_id(name: str) -> int:
    """Return the 40-bit id that a name gets in every process, regardless of earlier declarations.

    A CRC rather than a better mixed hash: names that differ in only four neighbouring bytes,
    such as numbered ones, then never collide.
    """
    encoded = name.encode()
    return crc32(encoded) | (crc32(encoded[::-1]) & 0xFF) << 32


def scalar_head(identifier: int) -> int:
    """Return the common part of the heads of a metric's records.

    The head of a record is this, exclusive or'ed with the checksum bits of its payload's CRC-32: a
    CRC is linear, so that the contribution of the head itself is the same for every payload.
    """
    head = KIND_SCALAR | identifier << ID_SHIFT
    payload = bytes(RECORD_SIZE - 8)
    contribution = crc32(payload, crc32(_pack_head(head))) ^ crc32(payload)
    return head | (contribution & CHECKSUM_MASK) << CHECKSUM_SHIFT


def _seal(kind: int, identifier: int, payload: bytes) -> bytes:
    head = kind | identifier << ID_SHIFT
    checksum = crc32(payload, crc32(_pack_head(head))) & CHECKSUM_MASK
    return _pack_head(head | checksum << CHECKSUM_SHIFT) + payload


def encode_scalar(identifier: int, step: int, wall_time: float, value: float) -> bytes:
    """Encode one value of a metric, 32 bytes."""
    return _seal(KIND_SCALAR, identifier, pack_payload(step, wall_time, value))


def encode_name(identifier: int, name: str) -> bytes:
    """Encode the declaration of a metric's name: one record for every 20 bytes of UTF-8."""
    encoded = name.encode()
    return b"".join(
        _seal(
            KIND_NAME,
            identifier,
            _pack_name_part(part, len(encoded), encoded[start : start + _NAME_PART_BYTES]),
        )
        for part, start in enumerate(range(0, len(encoded), _NAME_PART_BYTES))
    )


def encode_end_record(wall_time: float, outcome: int) -> bytes:
    """Encode the mark that a process has finished writing, 32 bytes.

    Args:
        wall_time: seconds since the epoch.
        outcome: 0 finished, 1 failed, 2 the exit code of the process is not known.
    """
    return _seal(KIND_END, 0, pack_payload(outcome, wall_time, 0.0))


FINISHED, FAILED, UNKNOWN = 0, 1, 2
"""Outcomes of a process that finished writing, as its END record holds them."""

OPENED_AGAIN = 3


def encode_opened_again(wall_time: float) -> bytes:
    """Encode the mark that a writer opened a log with existing records, 32 bytes."""
    return encode_end_record(wall_time, OPENED_AGAIN)


def is_intact(record: bytes) -> bool:
    """Return whether 32 bytes are a record of a known kind with the right checksum."""
    head = int.from_bytes(record[:8], "little")
    if not KIND_SCALAR <= head & KIND_MASK <= KIND_END:
        return False
    bare_head = head & ~(CHECKSUM_MASK << CHECKSUM_SHIFT)
    checksum = crc32(record[8:], crc32(_pack_head(bare_head))) & CHECKSUM_MASK
    return head == bare_head | checksum << CHECKSUM_SHIFT


class NameAssembler:
    """Puts names together from the parts of their declarations, in any order."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.n_conflicts = 0
        self._parts: dict[int, dict[int, bytes]] = {}

    def add(self, record: bytes) -> int:
        """Take in an intact NAME record and return its metric's id.

        One that contradicts an earlier declaration is counted, and the earlier one stays.
        """
        identifier = int.from_bytes(record[:8], "little") >> ID_SHIFT
        part, size_bytes, text = _unpack_name_part(record)
        start = part * _NAME_PART_BYTES
        text = text[: max(0, size_bytes - start)]
        known = self.names.get(identifier)
        if known is not None:
            encoded = known.encode()
            agrees = len(encoded) == size_bytes and encoded[start : start + len(text)] == text
            self.n_conflicts += not agrees
            return identifier
        parts = self._parts.setdefault(identifier, {})
        parts[part] = text
        if len(parts) * _NAME_PART_BYTES >= size_bytes:
            self._complete(identifier, size_bytes)
        return identifier

    def _complete(self, identifier: int, size_bytes: int) -> None:
        parts = self._parts.pop(identifier)
        encoded = b"".join(parts[part] for part in sorted(parts))
        try:
            name = encoded.decode()
        except UnicodeDecodeError:
            name = ""
        if name and len(encoded) == size_bytes:
            self.names[identifier] = name
        else:
            self.n_conflicts += 1


def unnamed(identifier: int) -> str:
    """Return the name for a metric whose declaration was lost."""
    return f"unnamed-{identifier:010x}"


def encode_header(created_at: float, version: int = VERSION) -> bytes:
    """Encode the header of a file, 32 bytes. `created_at` is in seconds since the epoch."""
    fields = _HEADER.pack(_MAGIC, version, _BYTE_ORDER_MARK, RECORD_SIZE, created_at, 0)
    return fields + crc32(fields).to_bytes(4, "little")


def decode_header(header: bytes, path: str) -> float | None:
    """Return when the file was made, seconds since the epoch, or None if the header is damaged.

    Raises:
        LogVersionError: a newer version wrote the file, or one of the other byte order.
    """
    if len(header) < RECORD_SIZE:
        return None
    magic, version, mark, _, created_at, _ = _HEADER.unpack(header[:28])
    if magic != _MAGIC:
        return None
    if mark == _SWAPPED_MARK:
        raise LogVersionError(
            f"{path} was written with its bytes in big-endian order, but this format is "
            "little-endian on every machine. Convert the file, or log again with this package"
        )
    is_sealed = _is_sealed(header)
    if version > VERSION and (is_sealed or _only_version_differs(header, version)):
        raise LogVersionError(
            f"{path} has format version {version}, but this installation of ml-tracking-ops reads "
            f"versions up to {VERSION}. Upgrade it with: pip install --upgrade ml-tracking-ops"
        )
    return float(created_at) if is_sealed else None


def has_magic(header: bytes) -> bool:
    """Return whether a file that begins like this is a log, as far as it can be seen."""
    return header[: len(_MAGIC)] == _MAGIC[: len(header)]


def _is_sealed(header: bytes) -> bool:
    return crc32(header[:28]) == int.from_bytes(header[28:32], "little")


def _only_version_differs(header: bytes, version: int) -> bool:
    """Return whether the version was changed on purpose: by more than one bit, and nothing else."""
    as_ours = header[:8] + VERSION.to_bytes(2, "little") + header[10:]
    return _is_sealed(as_ours) and (version ^ VERSION).bit_count() > 1
