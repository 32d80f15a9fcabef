"""What is sent to pages as JSON."""

import json
from dataclasses import dataclass

import pytest

from ml_tracking_ops.web.serving.sse import encode_event, encode_json


@dataclass(frozen=True)
class Point:
    x: float
    name: str = "a"


def test_dataclasses_are_objects_of_their_fields_wherever_they_are() -> None:
    assert json.loads(encode_json({"points": [Point(1.5)]})) == {
        "points": [{"x": 1.5, "name": "a"}]
    }


def test_numbers_that_json_lacks_are_null_within_dataclasses_too() -> None:
    message = json.loads(encode_json([Point(float("nan")), {"y": float("inf")}, (1.0,)]))
    assert message == [{"x": None, "name": "a"}, {"y": None}, [1.0]]


def test_event_is_one_line_of_data() -> None:
    assert encode_event("run", {"text": "a\nb"}) == b'event: run\ndata: {"text":"a\\nb"}\n\n'


def test_value_without_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON"):
        encode_json({"one": object()})
