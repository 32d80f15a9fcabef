"""Convert sound in the forms that scripts use to the bytes of a sound file."""

import os
import struct
import sys

from ...given import as_whole, described
from ..kinds import AUDIO_SUFFIXES
from .arrays import as_numpy, is_array
from .contents import HEAD_BYTES, content_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, SupportsIndex

_MOST_CHANNELS = 8
_MOST = 32767
_LOUDEST = 2.0  # floats beyond it are cut like those at it
_MOST_WAV_BYTES = (1 << 32) - 1
_RATE_HINT = "Pass it in Hz, as in sample_rate=44100"


class EncodedAudio:
    """A sound file in memory.

    Attributes:
        seconds: how long it lasts, or None if that is not known.
        is_cut: samples were outside of their range.
    """

    __slots__ = ("data", "is_cut", "seconds", "suffix")

    def __init__(
        self, data: bytes, suffix: str, seconds: float | None, *, is_cut: bool = False
    ) -> None:
        self.data = data
        self.suffix = suffix
        self.seconds = seconds
        self.is_cut = is_cut


def encode_audio(audio: "Any", sample_rate: "SupportsIndex | None" = None) -> EncodedAudio:
    """Encode audio as the bytes of a sound file.

    Args:
        audio: bytes of a WAV, FLAC, Ogg or MP3 file, a path, or samples, shape (n,), (n, channels)
            or (channels, n): floats from -1 to 1, or whole numbers, whose type says how loud they
            are. Whole numbers of 32 or 64 bits that fit into 16 are taken for such.
        sample_rate: of samples, in Hz.

    Raises:
        TypeError: it is none of these, or samples without a sample rate.
        ValueError: its bytes are of no such file, or its shape or sample rate does not fit.
        OSError: the file of a path cannot be read.
    """
    if isinstance(audio, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(audio), "the bytes that were passed")
    if isinstance(audio, (str, os.PathLike)):
        with open(audio, "rb") as file:
            return _of_bytes(file.read(), os.fspath(audio))
    if not is_array(audio) and not isinstance(audio, (list, tuple)):
        raise TypeError(
            f"cannot make audio from {type(audio).__qualname__}. Pass the bytes of a WAV file, a "
            "path, or samples with their sample_rate"
        )
    rate = _checked_rate(sample_rate)
    n_channels, samples, is_cut = _of_array(audio) if is_array(audio) else _of_list(audio)
    if not samples:
        raise ValueError("this audio has no samples. Leave out the call if there is no sound")
    n_frames = len(samples) // (2 * n_channels)
    data = _wav(samples, n_channels, rate)
    return EncodedAudio(data, ".wav", n_frames / rate, is_cut=is_cut)


def _checked_rate(sample_rate: "SupportsIndex | None") -> int:
    rate = None if isinstance(sample_rate, bool) else as_whole(sample_rate)
    if rate is None:
        given = "" if sample_rate is None else f", not {described(sample_rate)}"
        raise TypeError(f"samples need their sample_rate, a whole number{given}. {_RATE_HINT}")
    if rate < 1:
        raise ValueError(f"sample_rate must be 1 or more, not {rate}. {_RATE_HINT}")
    return rate


def _of_bytes(data: bytes, what: str) -> EncodedAudio:
    content = content_of(data[:HEAD_BYTES])
    if content is None or content.suffix not in AUDIO_SUFFIXES:
        raise ValueError(f"{what}: no WAV, FLAC, Ogg or MP3 file")
    return EncodedAudio(data, content.suffix, _seconds_of_wav(data))


def _of_array(audio: "Any") -> tuple[int, bytes, bool]:
    """Return the number of channels, the samples in 16 bits, and whether some were cut."""
    array = as_numpy(audio)
    if array.ndim == 2 and array.shape[0] <= _MOST_CHANNELS < array.shape[1]:
        array = array.T  # (channels, n)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not 1 <= array.shape[1] <= _MOST_CHANNELS:
        raise ValueError(
            f"samples have the shape (n,), (n, channels) or (channels, n), with up to "
            f"{_MOST_CHANNELS} channels, not {array.shape}"
        )
    if array.dtype.kind not in "iuf":
        raise ValueError(f"samples are numbers, not {array.dtype}")
    levels = _of_floats(array) if array.dtype.kind == "f" else _of_whole_numbers(array)
    is_cut = bool(levels.size and (levels.min() < -_MOST - 1 or levels.max() > _MOST))
    return int(array.shape[1]), levels.clip(-_MOST - 1, _MOST).astype("<i2").tobytes(), is_cut


def _of_floats(array: "Any") -> "Any":
    import numpy

    return numpy.rint(numpy.nan_to_num(array.clip(-_LOUDEST, _LOUDEST), nan=0.0) * _MOST)


def _of_whole_numbers(array: "Any") -> "Any":
    """Return samples in 16 bits, as the type of the array says: silence is in its middle.

    Scripts also use types of 32 and 64 bits for samples of 16 bits. Such numbers stay as they are,
    and those of 64 bits in any case.
    """
    import numpy

    n_bits = 8 * array.dtype.itemsize
    is_large = array.size and (array.max() > _MOST or array.min() < -_MOST - 1)
    if n_bits == 64 or (n_bits == 32 and not is_large):
        return numpy.minimum(array, _MOST + 1).astype(numpy.int64)  # beyond them all are cut alike
    signed = array.astype(numpy.int64)
    if array.dtype.kind == "u":
        signed -= 1 << (n_bits - 1)
    return signed << (16 - n_bits) if n_bits < 16 else signed >> (n_bits - 16)


def _of_list(audio: "Any") -> tuple[int, bytes, bool]:
    from array import array
    from operator import index

    try:
        if all(hasattr(sample, "__index__") for sample in audio):
            levels = [index(sample) for sample in audio]
        else:
            levels = [_level_of_float(float(sample)) for sample in audio]
    except (TypeError, ValueError):
        raise TypeError("samples of several channels are passed as an array") from None
    samples = array("h", [max(-_MOST - 1, min(_MOST, level)) for level in levels])
    if sys.byteorder == "big":
        samples.byteswap()
    is_cut = any(not -_MOST - 1 <= level <= _MOST for level in levels)
    return 1, samples.tobytes(), is_cut


def _level_of_float(sample: float) -> int:
    is_number = sample == sample
    return round(max(-_LOUDEST, min(_LOUDEST, sample)) * _MOST) if is_number else 0


def _wav(samples: bytes, n_channels: int, rate: int) -> bytes:
    frame = 2 * n_channels
    if max(rate * frame, len(samples) + 36) > _MOST_WAV_BYTES:
        raise ValueError(
            f"{len(samples)} bytes of samples at {rate} Hz are too much for a WAV file, which has "
            "up to 4 GiB, and up to 4 GiB a second. Log a part of them, or the right sample_rate"
        )
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, n_channels, rate, rate * frame, frame, 16)
    head = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + 8 + len(samples), b"WAVE")
    return head + form + struct.pack("<4sI", b"data", len(samples)) + samples


def _seconds_of_wav(data: bytes) -> float | None:
    """Return how long a WAV file lasts, or None for other kinds or if it is not recorded."""
    if data[:4] != b"RIFF":
        return None
    at, rate = 12, 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, at)
        if kind == b"fmt " and at + 20 <= len(data):
            rate = struct.unpack_from("<I", data, at + 16)[0]
        elif kind == b"data":
            return min(size, len(data) - at - 8) / rate if rate else None
        at += 8 + size + (size & 1)
    return None
