"""Media of TensorBoard's event files, as the cards request them."""

import io
import wave
from pathlib import Path

import pytest
from event_writing import event, write_events
from pages import Client
from tensorboard.compat.proto.summary_pb2 import Summary


def wav(n_frames: int, rate: int) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(4 * n_frames))
    return buffer.getvalue()


def write_sound(logdir: Path, data: bytes) -> str:
    audio = Summary.Audio(encoded_audio_string=data, content_type="audio/wav")
    value = Summary.Value(tag="speech", audio=audio)
    write_events(logdir / "tb" / "events.out.tfevents.1.host", [event(5.0, 3, value)])
    return "/api/media/step?run=tb&kind=audio&name=speech"


def test_sound_of_an_event_file_is_played(client: Client, logdir: Path) -> None:
    data = wav(12_000, 8_000)
    (item,) = client.get(write_sound(logdir, data)).json()["items"]
    assert "trouble" not in item
    assert item["seconds"] == 1.5
    assert client.get(item["href"]).content == data


@pytest.mark.parametrize("n_bytes", [12, 20, 40, 46, 400])
def test_sound_that_ends_early_is_as_long_as_what_is_there(
    client: Client, logdir: Path, n_bytes: int
) -> None:
    (item,) = client.get(write_sound(logdir, wav(8_000, 8_000)[:n_bytes])).json()["items"]
    assert "trouble" not in item
    assert item.get("seconds", 0) == max(0, n_bytes - 44) / 32_000
