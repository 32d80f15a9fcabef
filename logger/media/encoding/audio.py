"""Sound in the forms that scripts have it → bytes of a sound file."""

import os
import struct
import sys

from ..kinds import AUDIO_SUFFIXES
from .arrays import as_numpy, is_array
from .contents import HEAD_BYTES, content_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_CHANNELS = 8
_MOST = 32767


class EncodedAudio:
    """A sound file in memory. How long it lasts, where we know."""

    __slots__ = ("data", "seconds", "suffix")

    def __init__(self, data: bytes, suffix: str, seconds: float | None) -> None:
        self.data = data
        self.suffix = suffix
        self.seconds = seconds


def encode_audio(audio: "Any", sample_rate: int | None = None) -> EncodedAudio:
    """
    Args:
        audio: bytes of a WAV, FLAC, Ogg or MP3 file, a path, or samples: floats from -1 to 1 or
            whole numbers of 16 bits, shape (n,), (n, channels) or (channels, n).
        sample_rate: of samples, in Hz.

    Raises:
        TypeError: it is none of these, or samples without a sample rate.
        ValueError: its bytes are of no such file, or its shape does not fit.
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
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int) or sample_rate < 1:
        raise TypeError("samples need their sample_rate in Hz, as in sample_rate=44100")
    n_channels, samples = _of_array(audio) if is_array(audio) else (1, _of_list(audio))
    n_frames = len(samples) // (2 * n_channels)
    data = _wav(samples, n_channels, sample_rate)
    return EncodedAudio(data, ".wav", n_frames / sample_rate)


def _of_bytes(data: bytes, what: str) -> EncodedAudio:
    content = content_of(data[:HEAD_BYTES])
    if content is None or content.suffix not in AUDIO_SUFFIXES:
        raise ValueError(f"{what}: no WAV, FLAC, Ogg or MP3 file")
    return EncodedAudio(data, content.suffix, _seconds_of_wav(data))


def _of_array(audio: "Any") -> tuple[int, bytes]:
    import numpy

    array = as_numpy(audio)
    if array.ndim == 2 and array.shape[0] <= _MOST_CHANNELS < array.shape[1]:
        array = array.T  # (channels, n)
    array = array.reshape(len(array), -1) if array.ndim in (1, 2) else array
    if array.ndim != 2 or not 1 <= array.shape[1] <= _MOST_CHANNELS:
        raise ValueError(
            f"samples have the shape (n,), (n, channels) or (channels, n), not {array.shape}"
        )
    if array.dtype.kind == "f":
        finite = numpy.nan_to_num(array, nan=0.0, posinf=1.0, neginf=-1.0)
        array = numpy.rint(finite.clip(-1, 1) * _MOST)
    elif array.dtype.kind not in "iu":
        raise ValueError(f"samples are numbers, not {array.dtype}")
    return int(array.shape[1]), array.clip(-_MOST - 1, _MOST).astype("<i2").tobytes()


def _of_list(audio: "Any") -> bytes:
    from array import array

    try:
        if all(isinstance(sample, int) for sample in audio):
            levels = [max(-_MOST - 1, min(_MOST, sample)) for sample in audio]
        else:
            floats = [float(sample) for sample in audio]
            levels = [round(max(-1.0, min(1.0, s)) * _MOST) if s == s else 0 for s in floats]
    except (TypeError, ValueError):
        raise TypeError("samples of several channels are passed as an array") from None
    samples = array("h", levels)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def _wav(samples: bytes, n_channels: int, rate: int) -> bytes:
    frame = 2 * n_channels
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, n_channels, rate, rate * frame, frame, 16)
    head = struct.pack("<4sI4s", b"RIFF", 4 + len(form) + 8 + len(samples), b"WAVE")
    return head + form + struct.pack("<4sI", b"data", len(samples)) + samples


def _seconds_of_wav(data: bytes) -> float | None:
    """How long a WAV file lasts, or None for other kinds, and where it does not say."""
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
