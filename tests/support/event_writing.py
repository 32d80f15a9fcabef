"""Event files written by TensorBoard's own code, and read by its own reader."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_ndarray

Point = tuple[float, int, float]
"""Wall time, step, value."""


def simple(tag: str, value: float) -> Summary.Value:
    """Return a scalar in the first encoding."""
    return Summary.Value(tag=tag, simple_value=value)


def tensor(tag: str, value: float, how: str = "float_val") -> Summary.Value:
    """Return a scalar in the second encoding: `float_val`, `double_val`, or bytes of either."""
    import numpy as np

    made = {
        "float_val": lambda: TensorProto(dtype=1, float_val=[value]),
        "double_val": lambda: TensorProto(dtype=2, double_val=[value]),
        "float": lambda: TensorProto(dtype=1, tensor_content=np.float32(value).tobytes()),
        "double": lambda: TensorProto(dtype=2, tensor_content=np.float64(value).tobytes()),
    }[how]()
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    return Summary.Value(tag=tag, tensor=made, metadata=metadata)


def event(at: float, step: int, *values: Summary.Value) -> Event:
    return Event(wall_time=at, step=step, summary=Summary(value=values))


def restart(at: float, step: int) -> Event:
    """Return the event that a writer with `purge_step` begins with."""
    return Event(wall_time=at, step=step, session_log=SessionLog(status=SessionLog.START))


def write_events(path: Path, events: list[Event]) -> None:
    """Write an event file with TensorBoard's own record writer, the version first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        writer = RecordWriter(file)
        for one in [Event(wall_time=1.0, file_version="brain.Event:2"), *events]:
            writer.write(one.SerializeToString())
        writer.flush()


def read_by_tensorboard(folder: Path) -> dict[str, list[Point]]:
    """Return all scalars of a folder, read by TensorBoard's own reader."""
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    found.Reload()
    points = {
        tag: [(one.wall_time, one.step, one.value) for one in found.Scalars(tag)]
        for tag in found.Tags()["scalars"]
    }
    for tag in found.Tags()["tensors"]:
        if found.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
            points[tag] = [
                (one.wall_time, one.step, float(make_ndarray(one.tensor_proto).reshape(-1)[0]))
                for one in found.Tensors(tag)
            ]
    return points
