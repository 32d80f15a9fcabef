"""Images, texts and histograms of event files, read from where they lie."""

import io
from pathlib import Path

import numpy as np
import pytest
from event_writing import event, restart, simple, write_events
from PIL import Image
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboardX import SummaryWriter

from ml_tracking_ops.logger import read_run
from ml_tracking_ops.logger.media.history import open_history
from ml_tracking_ops.logger.media.run_media import RunMedia


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


def test_restart_makes_later_steps_void(path: Path) -> None:
    first = [event(1.0, step, old_image("a", 2)) for step in (1, 2, 3)]
    write_events(path, [*first, restart(2.0, 2), event(3.0, 2, old_image("a", 5))])
    assert [item.step for item in media_of(path)["a"]] == [1, 2]


def test_what_comes_later_is_read_on(path: Path) -> None:
    history = open_history(str(path))
    write_events(path, [event(1.0, 1, old_image("a", 2))])
    assert history.refresh() == {("image", "a")}
    assert history.refresh() == set()
    with path.open("ab") as file:
        file.write(b"\x10\0\0")
    assert history.refresh() == set()
    (image,) = history.tracks["image", "a"].kept
    assert image.step == 1


def test_histogram_that_is_none_is_an_error_of_its_own(path: Path) -> None:
    broken = HistogramProto(min=1, max=0, bucket_limit=[float("nan"), 3], bucket=[-1, 2])
    write_events(
        path,
        [event(1.0, 1, Summary.Value(tag="h", histo=broken)), event(1.0, 1, old_image("a", 2))],
    )
    media = media_of(path)
    with pytest.raises(OSError, match="damaged"):
        _ = media["h"][0].histogram
    assert media["a"][0].read_bytes() == png(2)
