"""Read a peer's log twice with the peer's own reader.

Usage: peer_readers.py PEER FOLDER
"""

import json
import os
import sys
import time
from collections.abc import Callable

Read = Callable[[], int]


def tensorboard(folder: str) -> Read:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def read() -> int:
        events = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        return sum(len(events.Scalars(tag)) for tag in events.Tags()["scalars"])

    return read


def trackio(folder: str) -> Read:
    os.environ["TRACKIO_DIR"] = folder
    from trackio.sqlite_storage import SQLiteStorage

    def read() -> int:
        runs = SQLiteStorage.get_runs("benchmark")
        return sum(len(SQLiteStorage.get_logs("benchmark", run)) for run in runs)

    return read


def mlflow(folder: str) -> Read:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    mlflow.set_tracking_uri(f"file:{folder}/mlruns")
    client = mlflow.MlflowClient()
    (run,) = client.search_runs(["0"])
    return lambda: sum(
        len(client.get_metric_history(run.info.run_id, name)) for name in run.data.metrics
    )


def main() -> None:
    peer, folder = sys.argv[1:3]
    began = time.perf_counter()
    read: Read = globals()[peer](folder)
    started = time.perf_counter()
    n_points = read()
    found = {"seconds": time.perf_counter() - started, "n_points": n_points}
    found["import_s"] = started - began
    started = time.perf_counter()
    read()
    print(json.dumps({**found, "again_s": time.perf_counter() - started}))


main()
