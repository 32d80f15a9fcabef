"""What scripts pass as images, histograms, tables and sound."""

import io
import math
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest
from PIL import Image

from ml_tracking_ops.logger.media.encoding.audio import encode_audio
from ml_tracking_ops.logger.media.encoding.contents import content_of
from ml_tracking_ops.logger.media.encoding.histograms import summarize_values
from ml_tracking_ops.logger.media.encoding.images import encode_figure, encode_image
from ml_tracking_ops.logger.media.encoding.tables import table_of

RGB = np.arange(2 * 5 * 3, dtype=np.uint8).reshape(2, 5, 3) * 8


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@dataclass
class Tensor:
    """What of a torch tensor is used."""

    array: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> str:
        return f"torch.{self.array.dtype}"

    def detach(self) -> "Tensor":
        return self

    cpu = detach

    def is_floating_point(self) -> bool:
        return self.array.dtype.kind == "f"

    def float(self) -> "Tensor":
        return Tensor(self.array.astype(np.float32))

    def numpy(self) -> np.ndarray:
        return self.array


@pytest.mark.parametrize(
    ("image", "dataformats"),
    [
        (RGB, None),
        (RGB.transpose(2, 0, 1), None),
        (RGB.transpose(1, 0, 2), "WHC"),
        (RGB / 255.0, None),
        (Tensor(RGB.transpose(2, 0, 1)), None),
        (Tensor((RGB.transpose(2, 0, 1) / 255).astype(np.float16)), "CHW"),
        (RGB[None], "NHWC"),
        (RGB.transpose(2, 0, 1)[None].astype(np.int64), "NCHW"),
        (Image.fromarray(RGB), None),
    ],
)
def test_every_layout_becomes_the_same_pixels(image: Any, dataformats: str | None) -> None:
    found = encode_image(image, dataformats)
    assert np.abs(pixels(found.data).astype(int) - RGB).max() <= 1
    assert (found.content.width, found.content.height) == (5, 2)


def test_shape_that_can_be_read_in_two_ways_follows_the_library() -> None:
    array = np.zeros((3, 8, 3), np.uint8)
    assert pixels(encode_image(array).data).shape == (3, 8, 3)
    assert pixels(encode_image(Tensor(array)).data).shape == (8, 3, 3)


@pytest.mark.parametrize(
    ("array", "mode"),
    [
        (np.array([[0, 255], [7, 9]], np.uint8), "L"),
        (np.array([[True, False]]), "L"),
        (np.zeros((4, 4, 4), np.uint8), "RGBA"),
        (np.zeros((4, 4, 1), np.float32), "L"),
    ],
)
def test_channels_become_the_modes_of_png(array: np.ndarray, mode: str) -> None:
    assert Image.open(io.BytesIO(encode_image(array).data)).mode == mode


def test_values_out_of_range_are_cut_and_noted() -> None:
    found = encode_image(np.array([[-1.0, 0.5, 2.0, math.nan]]))
    assert found.is_cut
    assert pixels(found.data).tolist() == [[0, 128, 255, 0]]


def test_batch_becomes_a_grid() -> None:
    batch = np.stack([np.full((4, 5), n * 20, np.uint8) for n in range(10)])
    grid = pixels(encode_image(batch).data)
    assert grid.shape == (4 * 2 + 2, 5 * 8 + 2 * 7)
    assert (grid[0, 7], grid[6, 7]) == (20, 180)
    assert np.array_equal(grid, pixels(encode_image(list(batch)).data))


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "GIF", "WEBP"])
def test_files_are_kept_as_they_are_and_measured(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "image"
    Image.fromarray(RGB).resize((31, 17)).save(path, suffix)
    for image in (path, path.read_bytes(), str(path)):
        found = encode_image(image)
        assert found.data == path.read_bytes()
        assert (found.content.width, found.content.height) == (31, 17)


def test_lossless_webp_and_one_with_alpha_are_measured() -> None:
    for options in ({"lossless": True}, {"exif": b"Exif\0\0abc"}):
        buffer = io.BytesIO()
        Image.new("RGBA", (300, 20)).save(buffer, "WEBP", **options)
        content = content_of(buffer.getvalue())
        assert content is not None
        assert (content.suffix, content.width, content.height) == (".webp", 300, 20)


@pytest.mark.parametrize("mode", ["CMYK", "F", "YCbCr", "P", "1", "LA"])
def test_images_of_pillow_in_every_mode(mode: str) -> None:
    image = Image.new("RGB", (4, 3)).convert("L" if mode == "LA" else "RGB").convert(mode)
    assert Image.open(io.BytesIO(encode_image(image).data)).size == (4, 3)


@pytest.mark.parametrize(
    ("image", "dataformats", "said"),
    [
        (b"<html>", None, "not a PNG, JPEG, WebP or GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None, "not a PNG, JPEG, WebP or GIF"),
        (np.zeros((2, 2, 7)), "HWC", "dataformats='HWC'"),
        (np.zeros((2, 2, 3)), "HW", "does not fit an array of shape"),
        (np.zeros((2, 2, 7, 7)), None, "Say what its dimensions are"),
        (np.zeros(3), None, "2 to 4 dimensions"),
        (np.zeros((0, 4, 3)), None, "has no pixels"),
        (np.array([["a"]]), None, "an image holds numbers"),
        ([np.zeros((2, 2)), np.zeros((3, 2))], None, "must have one shape"),
    ],
)
def test_what_is_no_image_is_refused_with_a_hint(
    image: Any, dataformats: str | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        encode_image(image, dataformats)


def test_object_that_is_no_image_is_named() -> None:
    with pytest.raises(TypeError, match="cannot make an image from dict"):
        encode_image({})


class Figure:
    def savefig(self, buffer: io.BytesIO, format: str, metadata: object = None) -> None:
        if format == "svg":
            buffer.write(b"<?xml version='1.0'?>\n<svg/>")
        else:
            Image.fromarray(RGB).save(buffer, format)


def test_figure_is_kept_as_png_and_on_request_as_svg() -> None:
    found = encode_figure(Figure())
    assert found.svg is None
    assert pixels(found.data).shape == RGB.shape
    assert b"<svg" in (encode_figure(Figure(), svg=True).svg or b"")
    with pytest.raises(TypeError, match="takes a matplotlib figure, not int"):
        encode_figure(5)


# --- histograms ----------------------------------------------------------------------------------


def test_histogram_counts_as_numpy_does() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    found: dict[str, Any] = summarize_values(values, 32)
    counts, edges = np.histogram(values, 32)
    assert found["counts"] == counts.tolist()
    assert found["edges"] == [edges[0], edges[-1]]
    assert (found["minimum"], found["maximum"]) == (values.min(), values.max())
    assert math.isclose(found["mean"], values.mean())
    assert found["number"] == 10_000


def test_histogram_of_what_is_not_finite_counts_it_apart() -> None:
    found = summarize_values([1.0, math.nan, math.inf, 3.0])
    assert (found["number"], found["n_not_finite"]) == (4, 2)
    assert (found["minimum"], found["maximum"], found["mean"]) == (1.0, 3.0, 2.0)
    assert summarize_values([math.nan]) == {"number": 1, "n_not_finite": 1}
    assert summarize_values([]) == {"number": 0}


@pytest.mark.parametrize(
    "values",
    [[5.0, 5.0], [-1.7e308, 1.7e308], [1.0, 1.0 + 2**-52], [0, 5e-324], [True, False], [2**70, 1]],
)
def test_histogram_of_odd_values_counts_them_all(values: list[float]) -> None:
    found: dict[str, Any] = summarize_values(np.array(values, float))
    assert sum(found["counts"]) == len(values)
    assert all(math.isfinite(edge) for edge in found["edges"])


def test_histogram_takes_edges_and_tensors() -> None:
    found = summarize_values(Tensor(np.array([[0.5, 1.5], [1.6, 9.0]], np.float16)), [0, 1, 2])
    assert found["counts"] == [1, 2]
    assert found["edges"] == [0, 1, 2]
    for bins in (0, 1001, [1], [2, 1]):
        with pytest.raises(ValueError, match="bins"):
            summarize_values([1], bins)
    with pytest.raises(TypeError, match="needs numbers"):
        summarize_values(["a"])


# --- tables --------------------------------------------------------------------------------------

ROWS = [{"a": 1, "b": "x"}, {"a": 2.5, "b": None}]


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        {"a": [1, 2.5], "b": ["x", None]},
        {"a": np.array([1, 2.5]), "b": ["x", None]},
        polars.DataFrame({"a": [1.0, 2.5], "b": ["x", None]}),
        pandas.DataFrame({"a": [1, 2.5], "b": pandas.Series(["x", None], dtype=object)}),
    ],
)
def test_tables_of_every_form_become_the_same(rows: Any) -> None:
    table = table_of(rows)
    assert table.columns == ["a", "b"]
    assert table.rows == [[1, "x"], [2.5, None]]
    assert table.n_rows == 2


def test_table_keeps_ten_thousand_rows_and_says_how_many_there_were() -> None:
    for rows in ([{"a": 1}] * 10_001, {"a": [1] * 10_001}, pandas.DataFrame({"a": [1] * 10_001})):
        table = table_of(rows)
        assert (len(table.rows), table.n_rows) == (10_000, 10_001)


def test_table_of_lists_needs_as_many_cells_as_columns() -> None:
    assert table_of([[1, 2], [3, 4]], ["x", "y"]).columns == ["x", "y"]
    assert table_of(np.eye(2)).columns == ["column 1", "column 2"]
    with pytest.raises(ValueError, match="needs 2 cells"):
        table_of([[1], [1, 2]], ["x", "y"])
    with pytest.raises(ValueError, match="must have one length, but have 'a': 1, 'b': 2"):
        table_of({"a": [1], "b": [1, 2]})
    with pytest.raises(TypeError, match="cannot make a table from int"):
        table_of(5)


def test_huge_table_is_cut_to_what_fits() -> None:
    table = table_of([{"a": "x" * 10_000}] * 5_000)
    assert len(table.encode()) <= 16 << 20
    assert 1_000 < len(table.rows) < 5_000


# --- audio ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "n_channels"),
    [
        (np.array([0.0, 1.0, -1.0, 0.5]), 1),
        (np.array([0, 32767, -32768], np.int16), 1),
        (np.zeros((100, 2)), 2),
        (Tensor(np.zeros((2, 100), np.float32)), 2),
        ([0.0, 0.25], 1),
        ([1, 2, 70_000], 1),
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
