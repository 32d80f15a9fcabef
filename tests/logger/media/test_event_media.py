"""Images, texts and histograms of event files, read from where they lie."""

import io
from pathlib import Path

import numpy as np
import pytest
from event_writing import event, read_by_tensorboard, restart, simple, write_events
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboardX import SummaryWriter

from ml_tracking_ops.logger import read_run
from ml_tracking_ops.logger.media.history import open_history
from ml_tracking_ops.logger.media.run_media import RunMedia
from ml_tracking_ops.logger.reading.event_files import whole_records_of_files
from ml_tracking_ops.logger.reading.reader import read_log
from ml_tracking_ops.logger.tensorboard.framing import frame


def png(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side)).save(buffer, "PNG")
    return buffer.getvalue()


def old_image(tag: str, side: int) -> Summary.Value:
    image = Summary.Image(height=side, width=side, colorspace=3, encoded_image_string=png(side))
    return Summary.Value(tag=tag, image=image)


def with_plugin(tag: str, plugin: str, tensor: TensorProto) -> Summary.Value:
    data = SummaryMetadata.PluginData(plugin_name=plugin)
    return Summary.Value(tag=tag, tensor=tensor, metadata=SummaryMetadata(plugin_data=data))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.out.tfevents.1.host.1.0"


def media_of(path: Path) -> RunMedia:
    return RunMedia(str(path))


def test_media_of_tensorboard_x_are_found_among_scalars(tmp_path: Path) -> None:
    writer = SummaryWriter(str(tmp_path))
    values = np.random.default_rng(1).normal(size=1_000)
    for step in range(200):
        writer.add_scalar("loss", 0.5, step)
        if step % 50 == 0:
            writer.add_image("picture", np.full((3, 8, 9), 0.5, np.float32), step)
            writer.add_histogram("weights", values, step)
            writer.add_text("note", f"step {step}", step)
    writer.close()
    (path,) = tmp_path.glob("events*")
    media = media_of(path)
    assert [item.step for item in media["picture"]] == [0, 50, 100, 150]
    assert Image.open(io.BytesIO(media["picture"][1].read_bytes())).size == (9, 8)
    found = media["weights"][0].histogram
    assert found.number == 1_000
    assert sum(found.counts) == 1_000
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert found.mean == pytest.approx(values.mean())
    names = [name for name in media.names("text") if name.startswith("note")]
    assert media[names[0]][2].text == "step 100"


def test_both_encodings_are_read_and_nothing_is_copied(path: Path) -> None:
    strings = TensorProto(dtype=7, string_val=[b"3", b"3", png(3), png(4)])
    rows = np.array([[0.0, 1.0, 2.0], [1.0, 3.0, 5.0]])
    as_bytes = TensorProto(dtype=2, tensor_content=rows.tobytes())
    as_list = TensorProto(dtype=2, double_val=rows.ravel())
    write_events(
        path,
        [
            event(5.0, 1, old_image("old", 2), simple("loss", 1.0)),
            event(6.0, 2, with_plugin("new", "images", strings)),
            event(7.0, 3, Summary.Value(tag="new", tensor=strings)),
            event(
                8.0,
                4,
                with_plugin("h", "histograms", as_bytes),
            ),
            event(
                9.0,
                5,
                with_plugin("h", "histograms", as_list),
            ),
            event(9.5, 6, with_plugin("t", "text", TensorProto(dtype=7, string_val=[b"a", b"b"]))),
        ],
    )
    media = media_of(path)
    assert media["old"][0].read_bytes() == png(2)
    assert [item.read_bytes() for item in media["new"]] == [png(3), png(4)] * 2
    assert [item.step for item in media["new"]] == [2, 2, 3, 3]
    for item in media["h"]:
        assert item.histogram.counts == (2.0, 5.0)
        assert item.histogram.edges == (0.0, 1.0, 3.0)
    assert [item.text for item in media["t"]] == ["a", "b"]
    assert list(path.parent.iterdir()) == [path]
    assert read_run(path).media.counts == media.counts


@pytest.mark.parametrize("is_packed", [True, False])
def test_histogram_of_float32_is_read_as_such(path: Path, is_packed: bool) -> None:
    rows = np.array([[0.0, 1.0, 2.0], [1.0, 3.0, 5.0]], np.float32)
    content = {"tensor_content": rows.tobytes()} if is_packed else {"float_val": rows.ravel()}
    tensor = TensorProto(dtype=1, **content)  # type: ignore[arg-type]
    write_events(path, [event(1.0, 1, with_plugin("h", "histograms", tensor))])
    found = media_of(path)["h"][0].histogram
    assert (found.counts, found.edges, found.number) == ((2, 5), (0, 1, 3), 7)


def test_histogram_of_another_type_is_refused(path: Path) -> None:
    tensor = TensorProto(dtype=3, tensor_content=np.arange(24, dtype=np.int32).tobytes())
    write_events(path, [event(1.0, 1, with_plugin("h", "histograms", tensor))])
    with pytest.raises(OSError, match="damaged"):
        _ = media_of(path)["h"][0].histogram


def test_texts_with_two_dimensions_are_one_table(path: Path) -> None:
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in (2, 3)])
    texts = [b"a", b"b | c", b"two\nlines", b"1", b"", b"\xff"]
    tensor = TensorProto(dtype=7, tensor_shape=shape, string_val=texts)
    write_events(path, [event(1.0, 1, with_plugin("t", "text", tensor), simple("loss", 1.0))])
    (item,) = media_of(path)["t"]
    assert item.text.splitlines() == [
        "| | | |",
        "| --- | --- | --- |",
        "| a | b \\| c | two lines |",
        "| 1 |  | \ufffd |",
    ]
    assert item.read_bytes() == item.text.encode()


def test_restart_makes_later_steps_void(path: Path) -> None:
    first = [event(1.0, step, old_image("a", 2)) for step in (1, 2, 3)]
    write_events(path, [*first, restart(2.0, 2), event(3.0, 2, old_image("a", 5))])
    assert [item.step for item in media_of(path)["a"]] == [1, 2]


def test_name_without_values_after_a_restart_is_gone(path: Path) -> None:
    write_events(path, [event(1.0, 5, old_image("a", 2)), restart(2.0, 5)])
    assert media_of(path).names() == []


def test_later_values_are_read(path: Path) -> None:
    history = open_history(str(path))
    write_events(path, [event(1.0, 1, old_image("a", 2))])
    assert history.refresh() == {("image", "a")}
    assert history.refresh() == set()
    with path.open("ab") as file:
        file.write(b"\x10\0\0")
    assert history.refresh() == set()
    (image,) = history.tracks["image", "a"].kept
    assert image.step == 1


def test_invalid_histogram_has_its_own_error(path: Path) -> None:
    broken = HistogramProto(min=1, max=0, bucket_limit=[float("nan"), 3], bucket=[-1, 2])
    write_events(
        path,
        [event(1.0, 1, Summary.Value(tag="h", histo=broken)), event(1.0, 1, old_image("a", 2))],
    )
    media = media_of(path)
    with pytest.raises(OSError, match="damaged"):
        _ = media["h"][0].histogram
    assert media["a"][0].read_bytes() == png(2)


def noise(n_bytes: int, seed: int) -> bytes:
    return png(2) + np.random.default_rng(seed).bytes(n_bytes)


def long_events(n: int) -> list[tuple[bytes, list[Event]]]:
    """Each time a long event of an image and a scalar, and short ones behind it."""
    found = []
    for step in range(0, 10 * n, 10):
        data = noise(40_000 + 15_000 * step // 10, step)
        image = Summary.Image(height=2, width=2, colorspace=3, encoded_image_string=data)
        values = (simple("loss", step), Summary.Value(tag="a", image=image), simple("acc", -step))
        short = [event(2.0, step + one, simple("loss", step + one)) for one in range(1, 4)]
        found.append((data, [event(1.0, step, *values), *short]))
    return found


def test_long_events_give_their_scalars_and_their_images(path: Path) -> None:
    made = long_events(12)
    write_events(path, [one for _, events in made for one in events])
    assert [item.read_bytes() for item in media_of(path)["a"]] == [data for data, _ in made]
    points = read_by_tensorboard(path.parent)
    for name, series in read_log(path).items():
        found = zip(series.wall_time, series.step, series.value, strict=True)
        assert list(found) == points[name]


def test_long_events_are_continued_wherever_the_file_ended(path: Path) -> None:
    made = long_events(6)
    write_events(path, [one for _, events in made for one in events])
    data = path.read_bytes()
    path.write_bytes(b"")
    history = open_history(str(path))
    for end in [*range(0, len(data), 7_001), len(data)]:
        with path.open("ab") as file:
            file.write(data[path.stat().st_size : end])
        history.refresh()
        assert whole_records_of_files(str(path)) <= end
    assert [entry.step for entry in history.tracks["image", "a"].kept] == list(range(0, 60, 10))
    assert whole_records_of_files(str(path)) == len(data)
    assert not history.is_cut


def test_damaged_image_data_affects_only_that_image(path: Path) -> None:
    made = long_events(6)
    write_events(path, [one for _, events in made for one in events])
    data = bytearray(path.read_bytes())
    data[data.index(made[4][0]) + 50_000] ^= 1
    path.write_bytes(data)
    found = [item.read_bytes() for item in media_of(path)["a"]]
    assert [a == b for a, (b, _) in zip(found, made, strict=True)] == [n != 4 for n in range(6)]
    assert len(read_log(path)["loss"]) == 24


def test_long_invalid_record_is_counted(path: Path) -> None:
    write_events(path, [event(1.0, 1, simple("loss", 1.0))])
    with path.open("ab") as file:
        file.write(frame(b"\xff" * 200_000) + frame(b"\x2a\xff\xff\x03" + bytes(100_000)))
    write_events(path, [event(2.0, 2, simple("loss", 2.0))])
    log = read_log(path)
    assert log["loss"].step.tolist() == [1, 2]
    assert log.n_skipped == 2
