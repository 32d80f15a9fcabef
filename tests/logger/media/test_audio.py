"""What scripts pass as sound."""

import io
import math
import wave
from typing import Any

import numpy as np
import pytest
from tensors import Tensor

from ml_tracking_ops.logger.media.encoding.audio import encode_audio


@pytest.mark.parametrize(
    ("samples", "n_channels"),
    [
        (np.array([0.0, 1.0, -1.0, 0.5]), 1),
        (np.array([0, 32767, -32768], np.int16), 1),
        (np.zeros((100, 2)), 2),
        (Tensor(np.zeros((2, 100), np.float32)), 2),
        ([0.0, 0.25], 1),
        ([1, 2, 70_000], 1),
        (np.zeros((1, 1)), 1),
    ],
)
def test_samples_become_a_wav_file(samples: Any, n_channels: int) -> None:
    found = encode_audio(samples, 8_000)
    with wave.open(io.BytesIO(found.data)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (
            n_channels,
            8_000,
            2,
        )
        assert found.seconds == sound.getnframes() / 8_000
    assert encode_audio(found.data).seconds == found.seconds


def test_samples_without_a_rate_and_other_bytes_are_refused() -> None:
    with pytest.raises(TypeError, match="sample_rate"):
        encode_audio([0.0])
    with pytest.raises(ValueError, match="no WAV, FLAC, Ogg or MP3"):
        encode_audio(b"RIFF....AVI ")
    with pytest.raises(ValueError, match="shape"):
        encode_audio(np.zeros((100, 100)), 8_000)
    with pytest.raises(TypeError, match="cannot make audio from dict"):
        encode_audio({})


def levels(data: bytes) -> list[int]:
    with wave.open(io.BytesIO(data)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").tolist()


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0, 128, 255], np.uint8), [-32768, 0, 32512]),
        (np.array([-128, 0, 127], np.int8), [-32768, 0, 32512]),
        (np.array([0, 1 << 15, 65535], np.uint16), [-32768, 0, 32767]),
        (np.array([-32768, 0, 32767], np.int16), [-32768, 0, 32767]),
        (np.array([-(2**31), 0, 2**31 - 1], np.int32), [-32768, 0, 32767]),
        (np.array([0, 2**31, 2**32 - 1], np.uint32), [-32768, 0, 32767]),
        (np.array([-32768, 0, 32767], np.int32), [-32768, 0, 32767]),
        (np.array([0, 32767], np.uint32), [0, 32767]),
        (np.array([-32768, 0, 32767]), [-32768, 0, 32767]),
        (np.array([-32768, 0, 32767], ">i2"), [-32768, 0, 32767]),
        (Tensor(np.array([-1, 0, 1], np.float16)), [-32767, 0, 32767]),
        (np.array([1.00001, np.nan]), [32767, 0]),
        ([np.int16(-5), np.int16(7)], [-5, 7]),
    ],
)
def test_samples_of_every_type_are_as_loud_as_they_were(samples: Any, expected: list[int]) -> None:
    found = encode_audio(samples, 8_000)
    assert levels(found.data) == expected
    assert not found.is_cut


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([5.0, -5.0, 0.5]), [32767, -32768, 16384]),
        (np.array([3e38, -np.inf], np.float32), [32767, -32768]),
        ([math.inf, -7.5, 0.5], [32767, -32768, 16384]),
        ([70_000, -5], [32767, -5]),
        (np.array([70_000, -(2**60)]), [32767, -32768]),
        (np.array([2**64 - 1], np.uint64), [32767]),
    ],
)
def test_samples_that_are_cut_are_noted(samples: Any, expected: list[int]) -> None:
    found = encode_audio(samples, 8_000)
    assert levels(found.data) == expected
    assert found.is_cut


@pytest.mark.parametrize("rate", [np.int64(8_000), np.float32(8_000), 8_000.0])
def test_sample_rate_may_be_a_number_of_any_library(rate: Any) -> None:
    with wave.open(io.BytesIO(encode_audio([0.0], rate).data)) as sound:
        assert sound.getframerate() == 8_000


@pytest.mark.parametrize(
    ("rate", "kind", "message"),
    [
        (None, TypeError, "need their sample_rate, a whole number. Pass"),
        ("8000", TypeError, r"not '8000' \(str\). Pass it in Hz, as in sample_rate=44100"),
        (True, TypeError, "not True"),
        (0, ValueError, "must be 1 or more, not 0"),
        (2**33, ValueError, "at 8589934592 Hz are too much for a WAV file"),
    ],
)
def test_sample_rate_that_no_file_can_have_is_refused(
    rate: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        encode_audio([0.0], rate)


@pytest.mark.parametrize("empty", [[], np.zeros(0), np.zeros((0, 2)), np.zeros((0, 0))])
def test_audio_without_samples_is_refused(empty: Any) -> None:
    with pytest.raises(ValueError, match=r"has no samples|not \(0, 0\)"):
        encode_audio(empty, 8_000)
