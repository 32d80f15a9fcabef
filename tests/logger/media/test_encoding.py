"""What scripts pass as images, histograms, tables and sound."""

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest
from PIL import Image
from tensors import Tensor

from ml_tracking_ops.logger.media.encoding.contents import content_of
from ml_tracking_ops.logger.media.encoding.histograms import summarize_values
from ml_tracking_ops.logger.media.encoding.images import encode_figure, encode_image
from ml_tracking_ops.logger.media.encoding.tables import table_of

RGB = np.arange(2 * 5 * 3, dtype=np.uint8).reshape(2, 5, 3) * 8


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


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


def test_ambiguous_shape_follows_the_library() -> None:
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


@pytest.mark.parametrize("number", [1, 3, 4])
@pytest.mark.parametrize("shape", [(4, 3), (5, 6), (5, 6, 1)])
def test_list_is_a_batch_however_many_images_it_has(number: int, shape: tuple[int, ...]) -> None:
    grid = pixels(encode_image([np.full(shape, 9, np.uint8)] * number).data)
    assert grid.shape == (shape[0], (shape[1] + 2) * number - 2)


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


@pytest.mark.parametrize("mode", ["P", "CMYK", "1", "L", "RGB"])
def test_images_of_pillow_become_a_grid_in_their_colours(mode: str) -> None:
    image = Image.new("RGB", (4, 3), "white").convert(mode)
    grid = pixels(encode_image([image, image]).data)
    assert grid.shape[:2] == (3, 4 * 2 + 2)
    assert grid[:, :4].min() == 255
    assert grid[:, 4:6].max() == 0


@pytest.mark.parametrize(
    ("image", "dataformats", "message"),
    [
        (b"<html>", None, "not a PNG, JPEG, WebP or GIF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None, "not a PNG, JPEG, WebP or GIF"),
        (np.zeros((2, 2, 7)), "HWC", "dataformats='HWC'"),
        (np.zeros((2, 2, 3)), "HW", "does not fit an array of shape"),
        (np.zeros((2, 2, 7, 7)), None, "Name its dimensions"),
        (np.zeros(3), None, "2 to 4 dimensions"),
        (np.zeros((0, 4, 3)), None, "has no pixels"),
        (np.array([["a"]]), None, "an image holds numbers"),
        ([np.zeros((2, 2)), np.zeros((3, 2))], None, "must have one shape"),
    ],
)
def test_array_that_is_not_an_image_is_refused_with_a_hint(
    image: Any, dataformats: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        encode_image(image, dataformats)


@pytest.mark.parametrize(
    ("image", "dataformats", "message"),
    [
        ({}, None, "cannot make an image from dict. Pass bytes of a PNG"),
        ([b"\x89PNG"], None, "not bytes. Log files one by one"),
        ([np.zeros((2, 2)), "a.png"], None, "not str. Log files"),
        ([Path("a.png")], None, "arrays or PIL images, not PosixPath"),
        ([None], None, "not NoneType"),
        (np.zeros((2, 2)), 5, r"such as 'HWC', not 5 \(int\)"),
        ([np.zeros((2, 2))], b"HW", "such as 'HWC', not b'HW'"),
    ],
)
def test_type_that_is_not_an_image_is_named(image: Any, dataformats: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        encode_image(image, dataformats)


def test_empty_list_of_images_and_a_figure_are_refused() -> None:
    with pytest.raises(ValueError, match="the list of images is empty"):
        encode_image([])
    with pytest.raises(TypeError, match="cannot make an image from Figure"):
        encode_image(Figure())


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
    for n_bins in (np.int64(3), 3.0, np.array(3)):
        found = summarize_values([1.0, 2.0], n_bins)  # type: ignore[arg-type]
        assert found["counts"] == [1, 0, 1]
    with pytest.raises(TypeError, match=r"or their edges, not 'auto' \(str\)"):
        summarize_values([1], "auto")  # type: ignore[arg-type]
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


@pytest.mark.parametrize("series", [pandas.Series([1, 2], name="a"), polars.Series("a", [1, 2])])
def test_series_is_a_table_of_one_column(series: Any) -> None:
    table = table_of(series)
    assert (table.columns, table.rows) == (["a"], [[1], [2]])


@pytest.mark.parametrize(
    ("index", "columns", "labels"),
    [
        (["cat", "dog"], ["index", "a", "b"], [["cat"], ["dog"]]),
        (pandas.Index(["cat", "dog"], name="label"), ["label", "a", "b"], [["cat"], ["dog"]]),
        (pandas.Index([7, 8], name="a"), ["a (index)", "a", "b"], [[7], [8]]),
        (pandas.Index([0, 1], name="epoch"), ["epoch", "a", "b"], [[0], [1]]),
        ([3, 1], ["index", "a", "b"], [[3], [1]]),
        ([0.0, 1.0], ["index", "a", "b"], [[0], [1]]),
        (
            pandas.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=[None, "b"]),
            ["level_0", "b (index)", "a", "b"],
            [["x", 1], ["y", 2]],
        ),
        (
            pandas.MultiIndex.from_tuples([(1, 2), (3, 4)], names=["a", "a"]),
            ["a (index)", "a (index 2)", "a", "b"],
            [[1, 2], [3, 4]],
        ),
        ([0, 1], ["a", "b"], [[], []]),
        (pandas.RangeIndex(2), ["a", "b"], [[], []]),
    ],
)
def test_row_labels_of_pandas_are_columns_unless_they_only_count(
    index: Any, columns: list[str], labels: list[list[Any]]
) -> None:
    table = table_of(pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=index))
    assert table.columns == columns
    assert table.rows == [[*labels[0], 1, "x"], [*labels[1], 2, "y"]]


def test_empty_frame_and_counted_values_are_tables() -> None:
    assert table_of(pandas.DataFrame({"a": []}, index=[])).columns == ["a"]
    counted = table_of(pandas.Series(["x", "y", "x"], name="label").value_counts())
    assert counted.columns == ["label", "count"]
    assert counted.rows == [["x", 2], ["y", 1]]


def test_table_keeps_ten_thousand_rows_and_reports_the_total() -> None:
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
