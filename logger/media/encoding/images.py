"""Convert images and figures in the forms that scripts use to the bytes of an image file."""

import os

from .arrays import is_array
from .contents import HEAD_BYTES, Content, content_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_MODES_OF_PNG = frozenset(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"))
_TAKEN = (
    "bytes of a PNG, JPEG, WebP or GIF file, a path, a PIL image, a numpy array, a torch tensor, "
    "or a list of arrays or PIL images"
)


class EncodedImage:
    """An image file in memory.

    Attributes:
        svg: the same image as SVG, if requested.
        is_cut: values of its array were outside of 0…1 or 0…255.
    """

    __slots__ = ("content", "data", "is_cut", "svg")

    def __init__(
        self, data: bytes, content: Content, *, svg: bytes | None = None, is_cut: bool = False
    ) -> None:
        self.data = data
        self.content = content
        self.svg = svg
        self.is_cut = is_cut


def encode_image(image: "Any", dataformats: str | None = None) -> EncodedImage:
    """Encode an image as the bytes of an image file.

    Raises:
        TypeError: it is nothing that can be an image.
        ValueError: its bytes are of no such file, or its shape does not fit.
        OSError: the file of a path cannot be read.
    """
    if isinstance(image, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(image), "the bytes that were passed")
    if isinstance(image, (str, os.PathLike)):
        with open(image, "rb") as file:
            return _of_bytes(file.read(), os.fspath(image))
    if isinstance(image, (list, tuple)):
        _check_list(image)
    if is_array(image) or isinstance(image, (list, tuple)):
        from .pixels import pixels_of
        from .png import encode_png

        pixels, is_cut = pixels_of(image, dataformats)
        content = Content(".png", pixels.shape[1], pixels.shape[0])
        return EncodedImage(encode_png(pixels), content, is_cut=is_cut)
    if hasattr(image, "save") and hasattr(image, "mode"):
        return _of_pillow(image)
    hint = "Log a figure with add_figure" if hasattr(image, "savefig") else f"Pass {_TAKEN}"
    raise TypeError(f"cannot make an image from {type(image).__qualname__}. {hint}")


def _check_list(images: "Sequence[Any]") -> None:
    """Check that a list has images that are not files, or the numbers of one image."""
    if not images:
        raise ValueError("the list of images is empty. Leave out the call if there is none")
    for one in images:
        is_image = is_array(one) or (hasattr(one, "convert") and hasattr(one, "mode"))
        if not is_image and not isinstance(one, (list, tuple, int, float)):
            raise TypeError(
                f"a list of images has arrays or PIL images, not {type(one).__qualname__}. Log "
                "files one by one: several calls with the same name and step belong together"
            )


def encode_figure(figure: "Any", *, svg: bool = False) -> EncodedImage:
    """Return a matplotlib figure as PNG, and on request as SVG too.

    Raises:
        TypeError: it is no figure.
    """
    from io import BytesIO

    figure = getattr(figure, "figure", figure)  # of axes, theirs
    if not callable(getattr(figure, "savefig", None)):
        raise TypeError(
            f"add_figure takes a matplotlib figure, not {type(figure).__qualname__}. "
            "Use add_image for images"
        )
    png, vectors = BytesIO(), BytesIO()
    figure.savefig(png, format="png")
    if svg:
        figure.savefig(vectors, format="svg", metadata={"Date": None})
    found = _of_bytes(png.getvalue(), "the figure")
    return EncodedImage(found.data, found.content, svg=vectors.getvalue() if svg else None)


def _of_bytes(data: bytes, what: str) -> EncodedImage:
    content = content_of(data[:HEAD_BYTES])
    if content is None or not content.width:
        raise ValueError(f"{what}: not a PNG, JPEG, WebP or GIF file. An image is {_TAKEN}")
    return EncodedImage(data, content)


def _of_pillow(image: "Any") -> EncodedImage:
    from io import BytesIO

    if image.mode not in _MODES_OF_PNG:
        image = image.convert("RGB")
    buffer = BytesIO()
    image.save(buffer, format="PNG", compress_level=4)
    return EncodedImage(buffer.getvalue(), Content(".png", *image.size))
