"""Convert arrays of any layout to pixels (height, width, channels) of uint8. A batch becomes a
grid."""

from ...given import described
from .arrays import as_numpy, is_array, is_tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_COLUMNS = 8
_GAP_PX = 2
_FORMATS = "HW, HWC, CHW, NHW, NHWC or NCHW"


def pixels_of(image: "Any", dataformats: str | None) -> "tuple[Any, bool]":
    """Return the pixels of an array, and whether values outside their range were cut.

    Args:
        image: uint8 or whole numbers from 0 to 255, or floats from 0 to 1, or a list of them.
        dataformats: the meaning of each dimension, as in TensorBoard: `CHW`, by default inferred
            from the shape.

    Raises:
        TypeError: `dataformats` is no text.
        ValueError: its shape does not fit.
    """
    import numpy

    if dataformats is not None and not isinstance(dataformats, str):
        raise TypeError(
            f"dataformats must be a text that names each dimension, such as 'HWC', not "
            f"{described(dataformats)}"
        )
    if is_array(image):
        array = as_numpy(image)
        order = _order(array.shape, dataformats, is_tensor(image))
    else:
        parts = [as_numpy(_in_colour(one)) for one in image]
        if len({part.shape for part in parts}) != 1:
            raise ValueError("the images of a list must have one shape. Log them one by one")
        array = numpy.stack(parts)
        order = _order_of_list(image, array.shape, dataformats)
    target = "NHWC"
    for letter in target:
        if letter not in order:
            array, order = array[..., None], order + letter
    array = array.transpose([order.index(letter) for letter in target])
    if 0 in array.shape or not 1 <= array.shape[3] <= 4:
        raise ValueError(
            f"an image of shape {tuple(getattr(image, 'shape', array.shape))} read as "
            f"{dataformats or order} has no pixels or not 1 to 4 channels. Name its dimensions "
            "with dataformats, as in dataformats='HWC'"
        )
    bytes_, is_cut = _as_bytes(array)
    return _grid(bytes_), is_cut


def _in_colour(image: "Any") -> "Any":
    """Convert a PIL image whose numbers are not shades or colours, as those of a palette."""
    if hasattr(image, "convert") and getattr(image, "mode", "L") not in ("L", "RGB", "RGBA"):
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        return image.convert("RGBA" if has_alpha else "RGB")
    return image


def _order_of_list(image: "Any", shape: "tuple[int, ...]", dataformats: str | None) -> str:
    """Return the meaning of the dimensions of a list of images, or of an image in nested lists."""
    is_channels_first = any(map(is_tensor, image))
    is_one_image = isinstance(image[0], (list, tuple, int, float))
    if is_one_image or (dataformats and "N" in dataformats.upper()):
        return _order(shape, dataformats, is_channels_first)
    return "N" + _order(shape[1:], dataformats, is_channels_first)


def _order(shape: "tuple[int, ...]", dataformats: str | None, is_channels_first: bool) -> str:
    if dataformats is not None:
        order = dataformats.upper()
        is_known = len(set(order)) == len(order) and set(order) <= set("NHWC") and "H" in order
        if not is_known or "W" not in order or len(order) != len(shape):
            raise ValueError(
                f"dataformats={dataformats!r} does not fit an array of shape {tuple(shape)}. "
                f"It names each dimension once: {_FORMATS}"
            )
        return order
    if len(shape) == 2:
        return "HW"
    batch = "N" if len(shape) == 4 else ""
    if len(shape) not in (3, 4):
        raise ValueError(
            f"an image has 2 to 4 dimensions, not the shape {tuple(shape)}. It is {_FORMATS}"
        )
    first, last = shape[-3] in (1, 3, 4), shape[-1] in (1, 3, 4)
    if first and (is_channels_first or not last):
        return f"{batch}CHW"
    if last:
        return f"{batch}HWC"
    if len(shape) == 3:
        return "NHW"
    raise ValueError(
        f"an array of shape {tuple(shape)} has no dimension of 1, 3 or 4 channels where they "
        f"usually are. Name its dimensions with dataformats: {_FORMATS}"
    )


def _as_bytes(array: "Any") -> "tuple[Any, bool]":
    import numpy

    kind = array.dtype.kind
    if array.dtype == numpy.uint8:
        return array, False
    if kind == "b":
        return array.astype(numpy.uint8) * 255, False
    if kind not in "iuf":
        raise ValueError(f"an image holds numbers, not {array.dtype}")
    most = 1 if kind == "f" else 255
    if kind == "f":
        array = numpy.nan_to_num(array, nan=0.0, posinf=numpy.inf, neginf=-numpy.inf)
    is_cut = bool(array.min() < 0 or array.max() > most)
    array = array.clip(0, most)
    return (array * 255.0 + 0.5 if kind == "f" else array).astype(numpy.uint8), is_cut


def _grid(batch: "Any") -> "Any":
    """Arrange the images of a batch in a grid, with a gap between them."""
    import numpy

    number, height, width, n_channels = batch.shape
    if number == 1:
        return batch[0]
    n_columns = min(number, _MOST_COLUMNS)
    n_rows = -(-number // n_columns)
    high, wide = height + _GAP_PX, width + _GAP_PX
    grid = numpy.zeros(
        (n_rows * high - _GAP_PX, n_columns * wide - _GAP_PX, n_channels), numpy.uint8
    )
    for place, image in enumerate(batch):
        top, left = place // n_columns * high, place % n_columns * wide
        grid[top : top + height, left : left + width] = image
    return grid
