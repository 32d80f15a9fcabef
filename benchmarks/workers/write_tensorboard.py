"""Write our logs as event files of TensorBoard, one folder for each run.

Usage: write_tensorboard.py NPZ FOLDER

NPZ holds an array of rows (metric, step, wall time, value) under the name of each run, and the
names of the metrics under `metrics`.
"""

import json
import sys
from pathlib import Path

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def main() -> None:
    source, folder = np.load(sys.argv[1]), Path(sys.argv[2])
    names = source["metrics"].tolist()
    for run in source.files:
        if run == "metrics":
            continue
        (folder / run).mkdir(parents=True)
        with (folder / run / "events.out.tfevents.1.host").open("wb") as file:
            writer = RecordWriter(file)
            writer.write(Event(wall_time=0, file_version="brain.Event:2").SerializeToString())
            for metric, step, wall_time, value in source[run].tolist():
                summary = Summary(value=[Summary.Value(tag=names[int(metric)], simple_value=value)])
                event = Event(wall_time=wall_time, step=int(step), summary=summary)
                writer.write(event.SerializeToString())
    print(json.dumps({"n_runs": len(source.files) - 1}))


main()
