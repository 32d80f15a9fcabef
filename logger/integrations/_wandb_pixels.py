"""The numbers of `wandb.Image`'s arrays. W&B takes levels from 0 to 255, also as floats."""

from typing import Any

from ml_tracking_ops.logger.media.encoding.arrays import as_numpy, is_array

_MOST_SHARE = 2.0
"""Floats up to here are shares: an image from 0 to 1 can exceed 1 a little, after scaling it. An
image of levels whose brightest one is 2 of 255 is black."""


def with_shares(image: Any) -> Any:
    """Return an image whose floats go from 0 to 1, if it is an array of floats from 0 to 255."""
    if not is_array(image) or "float" not in str(image.dtype):
        return image
    import numpy

    values = as_numpy(image)
    largest = values.max(initial=0.0, where=numpy.isfinite(values))
    return image / 255 if largest > _MOST_SHARE else image
