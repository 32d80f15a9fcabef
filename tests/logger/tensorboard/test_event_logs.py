"""Reading event files: value by value what TensorBoard's own reader finds."""

import random
import struct
from pathlib import Path

import numpy as np
import pytest
from event_writing import (
    event,
    read_by_tensorboard,
    restart,
    simple,
    tensor,
    write_events,
)

from ml_tracking_ops.logger import LogFormatError, Series, read_log
from ml_tracking_ops.logger.reading.bounded_reading import given_up
from ml_tracking_ops.logger.reading.event_log import EventTail
from ml_tracking_ops.logger.reading.reader import read_ending
from ml_tracking_ops.logger.tensorboard.crc32c import crc32c, masked
from ml_tracking_ops.logger.tensorboard.framing import MOST_RECORD_BYTES, frame

NAME = "events.out.tfevents.1700000000.host.1.0"


def points_of(series: Series) -> list[tuple[float, int, float]]:
    columns = series.wall_time.tolist(), series.step.tolist(), series.value.tolist()
    return list(zip(*columns, strict=True))


def read(folder: Path) -> dict[str, list[tuple[float, int, float]]]:
    return {name: points_of(series) for name, series in read_log(folder).items()}


def test_values_of_both_encodings_are_those_of_tensorboards_reader(tmp_path: Path) -> None:
    numbers = random.Random(0)
    events = []
    for step in range(-40, 400):
        values = [simple("loss", numbers.random()), simple("acc/train", -float(step))]
        events.append(event(100.0 + step, step, values[0]))
        events.append(event(100.5 + step, step * 1000, values[1]))
        for how in ("float_val", "double_val", "float", "double"):
            events.append(event(101.0 + step, step, tensor(how, numbers.gauss(0, 1e9), how)))
        events.append(event(102.0 + step, step, simple("a", step), simple("b", -step)))
    write_events(tmp_path / NAME, events)

    assert read(tmp_path) == read_by_tensorboard(tmp_path)


def test_values_of_tensorboardX_are_those_of_tensorboards_reader(tmp_path: Path) -> None:
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(500):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalar("unstepped", step)
            if step % 50 == 0:
                writer.add_text("note", "x" * step, step)
                writer.add_histogram("weights", np.arange(30.0), step)
                writer.add_image("picture", np.zeros((3, 8, 8), np.uint8), step)

    log = read_log(tmp_path)
    assert read(tmp_path) == read_by_tensorboard(tmp_path)
    assert log.others == {
        "note/text_summary": "text",
        "weights": "histograms",
        "picture": "images",
    }


def test_nan_and_infinity_are_kept(tmp_path: Path) -> None:
    values = [float("nan"), float("inf"), float("-inf")]
    write_events(tmp_path / NAME, [event(1.0, i, simple("x", v)) for i, v in enumerate(values)])

    assert str(read_log(tmp_path)["x"].value.tolist()) == "[nan, inf, -inf]"


def test_files_of_a_folder_are_one_log_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        name = f"events.out.tfevents.170000000{number}.host.1.0"
        steps = range(10 * number, 10 * number + 10)
        write_events(tmp_path / name, [event(step, step, simple("x", step)) for step in steps])

    assert read_log(tmp_path)["x"].step.tolist() == list(range(30))
    assert read(tmp_path) == read_by_tensorboard(tmp_path)


def test_restart_makes_later_steps_void(tmp_path: Path) -> None:
    first = [event(step, step, simple("x", step)) for step in range(100)]
    second = [event(step, step, simple("x", -step)) for step in range(60, 80)]
    write_events(tmp_path / NAME, [*first, restart(100.0, 60), *second])

    log = read_log(tmp_path)
    assert read(tmp_path) == read_by_tensorboard(tmp_path)
    abandoned = log.abandoned("x")
    assert abandoned is not None
    assert abandoned.step.tolist() == list(range(60, 100))


def test_file_cut_at_every_byte_gives_the_whole_records(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole" / NAME, tmp_path / "cut" / NAME
    write_events(whole, [event(step, step, simple("x", step)) for step in range(6)])
    data = whole.read_bytes()
    cut.parent.mkdir()
    tail = EventTail(cut)
    steps: list[int] = []
    for size in range(len(data) + 1):
        cut.write_bytes(data[:size])
        if size > 60:
            assert read(cut.parent) == read_by_tensorboard(cut.parent), size
        batch = tail.read()
        assert not batch.was_reset
        steps += batch.series["x"].step.tolist() if batch.series else []

    assert steps == list(range(6))
    assert tail.n_skipped == 0


@pytest.mark.parametrize("n_bytes", [1, 100, 5_000, 1 << 20])
def test_growing_files_are_reported_once(tmp_path: Path, n_bytes: int) -> None:
    path = tmp_path / NAME
    write_events(path, [event(step, step, simple("x", step)) for step in range(300)])
    tail = EventTail(path)
    steps: list[int] = []
    for _ in range(2):
        has_more = True
        while has_more:
            batch = tail.read(n_bytes)
            has_more = batch.has_more
            steps += batch.series["x"].step.tolist() if batch.series else []
        later = tmp_path / NAME.replace("1700000000", "1700000001")
        write_events(later, [event(step, step, simple("x", step)) for step in range(300, 400)])

    assert steps == list(range(400))


def test_tail_continues_where_an_earlier_one_was(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_events(path, [event(step, step, simple("x", step)) for step in range(50)])
    first = EventTail(path)
    first.read()
    write_events(path, [event(50.0, 50, simple("x", 50))])

    batch = EventTail(path, first.offset).read()

    assert batch.series["x"].step.tolist() == [50]
    assert not batch.was_reset


def test_tail_of_a_replaced_file_begins_again(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_events(path, [event(step, step, simple("x", step)) for step in range(50)])
    tail = EventTail(path)
    tail.read()
    path.unlink()
    write_events(path, [event(7.0, 7, simple("x", 7))])

    batch = tail.read()

    assert batch.was_reset
    assert batch.series["x"].step.tolist() == [7]


def test_tail_after_a_restart_gives_what_counts(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_events(path, [event(step, step, simple("x", step)) for step in range(50)])
    tail = EventTail(path)
    tail.read()
    write_events(path, [restart(50.0, 10), event(51.0, 10, simple("x", -1))])

    batch = tail.read()

    assert batch.was_reset
    assert batch.series["x"].step.tolist() == list(range(11))


@pytest.mark.parametrize("n_events", [5, 500])
def test_damaged_record_ends_its_file_and_is_reported(tmp_path: Path, n_events: int) -> None:
    path = tmp_path / NAME
    write_events(path, [event(step, step, simple("x", step)) for step in range(n_events)])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    log = read_log(tmp_path)

    assert log.n_skipped == 1
    assert len(log["x"]) < n_events
    assert read(tmp_path) == read_by_tensorboard(tmp_path)
    assert "is damaged at byte" in given_up()[str(path)]


@pytest.mark.parametrize(
    "data",
    [
        bytes(10_000),
        b"\xff" * 10_000,
        struct.pack("<Q", 1 << 60) + bytes(100),
        b"no event file at all, but some text that is long enough to look at",
    ],
)
def test_other_file_in_place_of_an_event_file_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / NAME).write_bytes(data)

    with pytest.raises(LogFormatError, match="not an event file"):
        read_log(tmp_path)


def test_invalid_records_are_counted(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_events(path, [event(1.0, 1, simple("x", 1))])
    with path.open("ab") as file:
        file.write(frame(b"\xff\xff\xff\xff") * 3 + frame(b""))
    write_events(path, [event(2.0, 2, simple("x", 2))])

    log = read_log(tmp_path)

    assert log["x"].step.tolist() == [1, 2]
    assert log.n_skipped == 3


def test_too_long_record_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / NAME
    write_events(path, [event(1.0, 1, simple("x", 1))])
    with path.open("ab") as file:
        long = frame(b"")[:0] + frame(bytes(MOST_RECORD_BYTES + 1))
        file.write(long)
    write_events(path, [event(2.0, 2, simple("x", 2))])

    log = read_log(tmp_path)

    assert log["x"].step.tolist() == [1, 2]
    assert log.n_skipped == 1


def test_length_beyond_the_file_waits_and_takes_no_memory(tmp_path: Path) -> None:

    path = tmp_path / NAME
    write_events(path, [event(1.0, 1, simple("x", 1))])
    length = struct.pack("<Q", 1 << 62)
    with path.open("ab") as file:
        file.write(length + struct.pack("<I", masked(crc32c(length))) + bytes(1000))

    assert read_log(tmp_path)["x"].step.tolist() == [1]


def test_only_the_first_metrics_are_read_and_the_others_counted(tmp_path: Path) -> None:
    events = [event(1.0, step, simple(f"m{n}", n)) for step in range(30) for n in range(20)]
    write_events(tmp_path / NAME, events)

    log = read_log(tmp_path, max_metrics=3, always=["m17"])

    assert sorted(log) == ["m0", "m1", "m17", "m2"]
    assert log.n_left_out == 16


def test_first_and_last_values_are_known_without_reading_everything(tmp_path: Path) -> None:
    events = [event(100.0 + step, step, simple("x", step)) for step in range(5_000)]
    write_events(tmp_path / NAME, events)

    ending = read_ending(tmp_path / NAME)

    assert (ending.created_at, ending.last_wall_time) == (1.0, 5099.0)
    assert ending.is_event_log
    assert not ending.is_closed


def test_hparams_give_configuration_and_end(tmp_path: Path) -> None:
    from tensorboardX import SummaryWriter

    from ml_tracking_ops.logger.reading.event_log import peek_events

    settings: dict[str, object] = {"lr": 0.1, "layers": 3, "name": "adam", "is_big": True}
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_hparams(settings, {"best": 1.0}, name="trial")

    found = peek_events(str(next((tmp_path / "trial").iterdir())))

    assert found.config == settings
    assert found.status == "success"


def test_checksums_of_records_of_any_length_are_those_of_the_definition():
    table = [0] * 256
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table[value] = crc
    data = np.random.default_rng(0).integers(0, 256, 70_000, np.uint8).tobytes()
    for length in (0, 1, 3, 4, 127, 128, 129, 512, 513, 640, 1024, 1025, 4097, 70_000):
        crc = 0xFFFFFFFF
        for byte in data[:length]:
            crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
        assert crc32c(data[:length]) == crc ^ 0xFFFFFFFF, length
