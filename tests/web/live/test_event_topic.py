"""Points of event files, live and caught up."""

import json
from pathlib import Path
from typing import Any

from event_writing import event, simple, write_events

from ml_tracking_ops.web.live.event_topic import EventTopic
from ml_tracking_ops.web.live.file_topics import ReadPosition

NAME = "events.out.tfevents.1700000000.host.1.0"


def steps_of(frame: bytes) -> list[int]:
    found: dict[str, Any] = json.loads(frame.split(b"data: ", 1)[1])
    steps: list[int] = found["metrics"]["x"][0]
    return steps


def write(path: Path, *steps: int) -> None:
    write_events(path, [event(float(step), step, simple("x", step)) for step in steps])


def test_look_returns_new_bytes(tmp_path: Path) -> None:
    write(tmp_path / NAME, 1, 2)
    topic = EventTopic("run", tmp_path / NAME)
    assert topic.look().updates == ()
    write(tmp_path / NAME, 3)
    write(tmp_path / NAME.replace("17", "18", 1), 4)

    (update,) = topic.look().updates

    assert steps_of(update.frame) == [3, 4]


def test_follower_continues_from_its_position_to_the_live_stream(tmp_path: Path) -> None:
    write(tmp_path / NAME, 1, 2)
    place = EventTopic("run", tmp_path / NAME).place
    write(tmp_path / NAME, 3, 4)
    topic = EventTopic("run", tmp_path / NAME)

    update = topic.read_on(topic.open_reader(place.cursor), place, topic.place)

    assert update is not None
    assert steps_of(update.frame) == [3, 4]
    assert update.end == topic.place


def test_impossible_cursor_is_a_reset(tmp_path: Path) -> None:
    write(tmp_path / NAME, 1, 2)
    topic = EventTopic("run", tmp_path / NAME)

    update = topic.read_on(topic.open_reader(0), ReadPosition(0, 1 << 40), topic.place)

    assert update is not None
    assert b"event: reset" in update.frame
