"""Masks and boxes of `wandb.Image`, painted into another image whose caption names the classes."""

from collections.abc import Iterator, Mapping
from typing import Any

from ml_tracking_ops.logger.media.encoding.arrays import is_array
from ml_tracking_ops.logger.media.encoding.pixels import pixels_of
from ml_tracking_ops.logger.notices import NoticePrinter

_notices = NoticePrinter()
_COLORS = (
    (230, 85, 13),
    (31, 119, 220),
    (44, 160, 44),
    (214, 39, 140),
    (255, 200, 0),
    (148, 103, 189),
    (23, 190, 207),
    (200, 30, 30),
    (120, 190, 30),
    (140, 86, 75),
)
_OPACITY = 0.5
_MOST_NAMED = 12
_TROUBLE = (AttributeError, TypeError, ValueError, KeyError, IndexError, OSError, ImportError)


def painted(
    image: Any, masks: Any, boxes: Any, classes: Any
) -> Iterator[tuple[str, Any, str | None]]:
    """Yield the key (`predictions`), the pixels and the classes in words for all masks and boxes.

    What cannot be painted is left out with one warning: a training matters more than a picture of
    it.
    """
    masks, boxes = masks or {}, boxes or {}
    for key in dict.fromkeys([*masks, *boxes]):
        try:
            pixels = _rgb(image)
            legend = _paint_mask(pixels, masks[key], classes) if key in masks else []
            legend += _paint_boxes(pixels, boxes[key], classes) if key in boxes else []
        except _TROUBLE as error:
            _notices.warn_once(f"wandb.Image: {key!r} of masks and boxes is not drawn: {error}")
            continue
        yield key, pixels, ", ".join(legend[:_MOST_NAMED]) or None


def _rgb(image: Any) -> Any:
    """Return a copy, shape (height, width, 3), uint8. The image's largest value may be 1 or 255."""
    import numpy

    if not is_array(image):
        image = numpy.asarray(_pillow_of(image).convert("RGB"))
    pixels, _ = pixels_of(image, None)
    return numpy.array(numpy.broadcast_to(pixels[..., :3], (*pixels.shape[:2], 3)))


def _pillow_of(image: Any) -> Any:
    if hasattr(image, "convert"):
        return image
    from importlib import import_module

    return import_module("PIL.Image").open(image)


def _paint_mask(pixels: Any, mask: Mapping[str, Any], classes: Any) -> list[str]:
    import numpy

    data = mask["mask_data"] if "mask_data" in mask else _pillow_of(mask["path"])
    labels = _labels(mask, classes)
    ids = numpy.asarray(data).reshape(-1, numpy.shape(data)[-1]).astype(numpy.int64)
    if ids.shape != pixels.shape[:2]:
        raise ValueError(f"the mask is {ids.shape} pixels, the image {pixels.shape[:2]}")
    known, counts = numpy.unique(ids, return_counts=True)
    legend = []
    for one, count in sorted(
        zip(known.tolist(), counts.tolist(), strict=True), key=lambda pair: -pair[1]
    ):
        if one == 0 and labels.get(0, "background").casefold() == "background":
            continue
        where = ids == one
        mixed = pixels[where] * (1 - _OPACITY) + numpy.array(_color(one)) * _OPACITY
        pixels[where] = mixed.astype(numpy.uint8)
        legend.append(f"{labels.get(one, one)} {100 * count / ids.size:.3g} %")
    return legend


def _paint_boxes(pixels: Any, boxes: Mapping[str, Any], classes: Any) -> list[str]:
    height, width = pixels.shape[:2]
    labels, thick = _labels(boxes, classes), max(1, min(height, width) // 160)
    legend = []
    for box in boxes["box_data"]:
        number = int(box.get("class_id", 0))
        left, top, right, bottom = _corners(box, width, height)
        part = pixels[max(top, 0) : bottom + 1, max(left, 0) : right + 1]
        color = _color(number)
        for edge in (part[:thick], part[-thick:], part[:, :thick], part[:, -thick:]):
            edge[...] = color
        legend.append(_words(box, labels.get(number, str(number))))
    return legend


def _corners(box: Mapping[str, Any], width: int, height: int) -> tuple[int, int, int, int]:
    position = box["position"]
    if "middle" in position:
        (x, y), half = position["middle"], (position["width"] / 2, position["height"] / 2)
        found = x - half[0], y - half[1], x + half[0], y + half[1]
    else:
        found = tuple(position[key] for key in ("minX", "minY", "maxX", "maxY"))
    is_share = box.get("domain") != "pixel"
    scale = (width, height, width, height) if is_share else (1, 1, 1, 1)
    left, top, right, bottom = (round(float(a) * b) for a, b in zip(found, scale, strict=True))
    return left, top, right, bottom


def _words(box: Mapping[str, Any], label: str) -> str:
    if box.get("box_caption"):
        return str(box["box_caption"])
    scores = box.get("scores") or {}
    return " ".join([label, *(f"{float(score):.3g}" for score in list(scores.values())[:1])])


def _labels(given: Mapping[str, Any], classes: Any) -> dict[int, str]:
    """Return the names of classes by number, from the mask or the boxes, or else from the image."""
    own = given.get("class_labels")
    if own:
        return {int(number): str(name) for number, name in own.items()}
    return {
        int(one["id"]): str(one["name"]) for one in getattr(classes, "_class_set", classes) or ()
    }


def _color(number: int) -> tuple[int, int, int]:
    return _COLORS[number % len(_COLORS)]
