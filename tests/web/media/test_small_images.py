"""Small images show the same as the whole ones."""

import io
from pathlib import Path

import numpy as np
import pytest
from pages import Client
from PIL import Image

from ml_tracking_ops.logger import ExperimentLogger

LEFT, RIGHT = (200, 30, 30), (30, 30, 200)
ON_ITS_SIDE = 6
"""Orientation in EXIF data: turn it clockwise to show it."""


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    return tmp_path


def small_image(client: Client, run_id: str) -> Image.Image:
    address = f"/api/media/step?run={run_id}&kind=image&name=a"
    (item,) = client.get(address).json()["items"]
    answer = client.get(f"{item['href']}&thumb=1")
    assert answer.headers["content-type"] == "image/webp"
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def saved(image: Image.Image, form: str, **more: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **more)
    return buffer.getvalue()


@pytest.mark.parametrize("span", [(5_000, 60_000), (0, 999)])
def test_image_of_16_bits_keeps_its_levels(
    client: Client, logger: ExperimentLogger, run_id: str, span: tuple[int, int]
) -> None:
    ramp = np.linspace(*span, 1_000).astype(np.uint16)
    logger.add_image("a", saved(Image.fromarray(np.tile(ramp, (800, 1))), "PNG"), 0)
    small = np.asarray(small_image(client, run_id))[:, :, 0].astype(float)
    expected = np.linspace(*span, small.shape[1]) / 256
    assert np.abs(small.mean(axis=0) - expected).max() < 4


@pytest.mark.parametrize(("form", "is_turned"), [("JPEG", True), ("PNG", True), ("WEBP", False)])
def test_image_on_its_side_is_turned_as_browsers_do(
    client: Client, logger: ExperimentLogger, run_id: str, form: str, *, is_turned: bool
) -> None:
    image = Image.new("RGB", (1_200, 600), LEFT)
    image.paste(RIGHT, (600, 0, 1_200, 600))
    exif = Image.Exif()
    exif[0x0112] = ON_ITS_SIDE
    logger.add_image("a", saved(image, form, exif=exif), 0)
    small = small_image(client, run_id)
    assert small.size == ((240, 480) if is_turned else (480, 240))
    last = (120, 470) if is_turned else (470, 120)
    assert np.abs(np.subtract(small.getpixel((5, 5)), LEFT)).max() < 12
    assert np.abs(np.subtract(small.getpixel(last), RIGHT)).max() < 12
