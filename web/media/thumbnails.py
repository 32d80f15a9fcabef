"""Small images, made once and kept in the user's cache. Without Pillow there are none."""

import io
import threading
from importlib import import_module
from typing import Any

import numpy as np

from ml_tracking_ops.logger.media.encoding.contents import Content
from ml_tracking_ops.orchestrator.store.files.cache_folder import CacheFolder

SIDE_PX, LARGE_PX = 480, 960
"""Sizes of small images in cards, and in cards that have the width of the page."""
_MOST_PIXELS = 16_000_000
_MOST_BYTES = 24 << 20
_one_at_a_time = threading.BoundedSemaphore(2)


def thumbnail(
    data: bytes, content: Content, key: str, cache: CacheFolder | None, side_px: int = SIDE_PX
) -> bytes | None:
    """Return a WebP that is at most this wide and high.

    Returns:
        None if the image itself will do: it is small, or broken, or takes too much memory.
    """
    n_pixels = content.width * content.height
    if max(content.width, content.height) <= side_px or n_pixels > _MOST_PIXELS:
        return None
    known = None if cache is None else cache.use(key, lambda read: read(0, _MOST_BYTES))
    if known:
        return known
    made = scaled(data, side_px)
    if made is not None and cache is not None:
        cache.write(key, made)
    return made


def scaled(data: bytes, side_px: int) -> bytes | None:
    """Return an image as a WebP that is at most this wide and high.

    Returns:
        None if it is already small, is broken, or cannot be scaled here.
    """
    try:
        pillow: Any = import_module("PIL.Image")
    except ImportError:
        return None
    with _one_at_a_time:
        try:
            with pillow.open(io.BytesIO(data), formats=("PNG", "JPEG", "GIF", "WEBP")) as image:
                if image.width * image.height > _MOST_PIXELS or max(image.size) <= side_px:
                    return None
                image.draft("RGB", (side_px, side_px))
                small = _plain(image)
                small.thumbnail((side_px, side_px))
                if image.format != "WEBP":  # browsers turn no WebP
                    small = import_module("PIL.ImageOps").exif_transpose(small)
                out = io.BytesIO()
                small.save(out, "WEBP", quality=85, method=2)
                return out.getvalue()
        except Exception:  # noqa: BLE001 - a broken image affects only its own card
            return None


def _plain(image: Any) -> Any:
    """Return an image in 8 bits for each channel, with the levels that a browser draws."""
    if image.mode in ("L", "RGB"):
        return image
    if not image.mode.startswith("I"):
        return image.convert("RGBA")
    if "transparency" in image.info:
        raise ValueError("one of its levels is transparent, which is lost in 8 bits")
    levels = np.asarray(image) >> 8  # Pillow would clip 16 bits
    plain = import_module("PIL.Image").fromarray(levels.clip(0, 255).astype(np.uint8))
    plain.info.update(image.info)
    return plain
