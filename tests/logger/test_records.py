import struct
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_tracking_ops.logger import records
from ml_tracking_ops.logger.records import (
    RECORD_SIZE,
    LogFormatError,
    NameAssembler,
    decode_header,
    encode_end_record,
    encode_header,
    encode_name,
    encode_scalar,
    is_intact,
    metric_id,
    unpack_record,
)

IDS = st.integers(0, 2**40 - 1)
STEPS = st.integers(-(2**63), 2**63 - 1)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200)


def split(data: bytes) -> list[bytes]:
    return [data[start : start + RECORD_SIZE] for start in range(0, len(data), RECORD_SIZE)]


def test_format_version_1_keeps_its_bytes() -> None:
    # Files with these bytes exist: when this test fails, the version must go up.
    identifier = metric_id("Loss")
    assert [
        encode_header(1.5).hex(),
        encode_name(identifier, "Loss").hex(),
        encode_scalar(identifier, -2, 1700000000.25, 0.1).hex(),
        encode_end_record(1700000000.25, 1).hex(),
    ] == [
        "894d4c544f50530a0100020120000000000000000000f83f000000003f3d84ea",
        "42c44e37be137eb4000004004c6f737300000000000000000000000000000000",
        "11130937be137eb4feffffffffffffff00001040fc54d9419a9999999999b93f",
        "63b0220000000000010000000000000000001040fc54d9410000000000000000",
    ]


@settings(deadline=None)
@given(IDS, STEPS, st.floats(), st.floats())
def test_scalar_is_read_back_exactly(
    identifier: int, step: int, wall_time: float, value: float
) -> None:
    record = encode_scalar(identifier, step, wall_time, value)
    assert len(record) == RECORD_SIZE
    assert is_intact(record)
    head, *rest = unpack_record(record)
    assert head >> records.ID_SHIFT == identifier
    assert head & records.KIND_MASK == records.KIND_SCALAR
    assert struct.pack("<qdd", *rest) == struct.pack("<qdd", step, wall_time, value)


@settings(deadline=None)
@given(IDS, NAMES, st.randoms())
def test_name_is_read_whatever_the_order_of_its_parts(
    identifier: int, name: str, random: Random
) -> None:
    parts = split(encode_name(identifier, name))
    assert all(len(part) == RECORD_SIZE and is_intact(part) for part in parts)
    random.shuffle(parts)
    assembler = NameAssembler()
    for part in parts:
        assert assembler.add(part) == identifier
    assert assembler.names == {identifier: name}
    assert assembler.n_conflicts == 0


def test_longest_name_is_read_back() -> None:
    name = "é" * (records.MAX_NAME_BYTES // 2)
    assembler = NameAssembler()
    for part in split(encode_name(5, name)):
        assembler.add(part)
    assert assembler.names == {5: name}


def test_name_declared_again_is_no_conflict() -> None:
    assembler = NameAssembler()
    for part in split(encode_name(5, "a name longer than one part") * 3):
        assembler.add(part)
    assert assembler.names == {5: "a name longer than one part"}
    assert assembler.n_conflicts == 0


def test_second_name_for_an_id_is_ignored_and_counted() -> None:
    assembler = NameAssembler()
    for name in ("first", "second"):
        assembler.add(encode_name(5, name))
    assert assembler.names == {5: "first"}
    assert assembler.n_conflicts == 1


@pytest.mark.parametrize("record", [*split(encode_name(7, "n" * 30)), encode_end_record(2.0, 1)])
def test_every_error_of_one_or_two_neighbouring_bits_is_found(record: bytes) -> None:
    as_number = int.from_bytes(record, "little")
    for pattern in (0b1, 0b11, 0b101):
        for bit in range(RECORD_SIZE * 8 - 2):
            damaged = (as_number ^ pattern << bit).to_bytes(RECORD_SIZE, "little")
            assert not is_intact(damaged)


def test_nul_bytes_are_not_a_record() -> None:
    assert not is_intact(bytes(RECORD_SIZE))


def test_metric_ids_of_numbered_names_differ() -> None:
    names = [f"layer_{index}/weight" for index in range(10_000)]
    assert len({metric_id(name) for name in names}) == len(names)
    assert all(0 <= metric_id(name) < 2**40 for name in names)


def test_header_says_when_the_file_was_made() -> None:
    header = encode_header(1234.5)
    assert len(header) == RECORD_SIZE
    assert decode_header(header, "x.dat") == 1234.5


def test_newer_version_is_refused_with_both_versions_and_the_file() -> None:
    with pytest.raises(LogFormatError, match=r"x\.dat has format version 7.*up to 1\. Upgrade"):
        decode_header(encode_header(1.0, version=7), "x.dat")


def test_newer_version_is_refused_where_only_the_version_was_changed() -> None:
    header = bytearray(encode_header(1.0))
    header[8:10] = (2).to_bytes(2, "little")
    with pytest.raises(LogFormatError, match="version 2"):
        decode_header(bytes(header), "x.dat")


def test_flipped_bit_in_the_version_is_damage_not_a_newer_version() -> None:
    for bit in range(16):
        header = bytearray(encode_header(1.0))
        header[8 + bit // 8] ^= 1 << bit % 8
        assert decode_header(bytes(header), "x.dat") is None


def test_big_endian_file_is_refused_with_an_explanation() -> None:
    header = struct.pack(">8sHHIdI", b"\x89MLTOPS\n", 1, 0x0102, 32, 1.0, 0) + bytes(4)
    with pytest.raises(LogFormatError, match=r"x\.dat.*big-endian"):
        decode_header(header, "x.dat")


@settings(deadline=None)
@given(st.binary(max_size=RECORD_SIZE))
def test_any_other_bytes_are_a_damaged_header(data: bytes) -> None:
    assert decode_header(data, "x.dat") is None
