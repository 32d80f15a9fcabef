"""Time a peer's call that logs one value.

Usage: peer_loops.py PEER FOLDER N_CALLS N_METRICS HAS_THREAD [kill|settle]

With `kill` the process ends itself with SIGKILL right after the last call returned; with `settle`
the peer gets three seconds first to write what it holds back, and the CPU time that its threads
take for that counts too, as `cpu_us`.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

SETTLE_S = 3.0
Log = Callable[[str, float, int], object]


def own(folder: Path) -> Log:
    os.environ["ML_TRACKING_OPS_RUN_FILE"] = str(folder / "own.dat")
    from ml_tracking_ops.experiment.logger import ExperimentLogger

    return ExperimentLogger().add_scalar


def tensorboardX(folder: Path) -> Log:
    from tensorboardX import SummaryWriter

    return SummaryWriter(str(folder)).add_scalar


def tensorboard(folder: Path) -> Log:
    """What torch's SummaryWriter does, without torch: an event file of `tensorboard` itself."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))

    def log(name: str, value: float, step: int) -> None:
        summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
        writer.add_event(Event(wall_time=time.time(), step=step, summary=summary))

    return log


def dvclive(folder: Path) -> Log:
    from dvclive import Live

    live = Live(str(folder), save_dvc_exp=False, report=None, dvcyaml=None, monitor_system=False)

    def log(name: str, value: float, step: int) -> None:
        live.step = step
        live.log_metric(name, value)

    return log


def trackio(folder: Path) -> Log:
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio

    trackio.init(project="benchmark", embed=False)
    return lambda name, value, step: trackio.log({name: value}, step=step)


def aim(folder: Path) -> Log:
    from aim import Run

    run = Run(repo=str(folder), system_tracking_interval=None, log_system_params=False)
    return lambda name, value, step: run.track(value, name=name, step=step)


def wandb(folder: Path) -> Log:
    import wandb

    run = wandb.init(project="benchmark", dir=str(folder), mode="offline")
    return lambda name, value, step: run.log({name: value}, step=step)


def mlflow(folder: Path) -> Log:
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow

    mlflow.set_tracking_uri(f"file:{folder}/mlruns")
    mlflow.start_run()
    return lambda name, value, step: mlflow.log_metric(name.replace(" ", "_"), value, step=step)


def mlflow_sqlite(folder: Path) -> Log:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.start_run()
    return lambda name, value, step: mlflow.log_metric(name.replace(" ", "_"), value, step=step)


def main() -> None:
    peer, folder = sys.argv[1], Path(sys.argv[2])
    n_calls, n_metrics, has_thread = map(int, sys.argv[3:6])
    names = [f"metric {index}" for index in range(n_metrics)]
    log: Log = globals()[peer](folder)
    for name in names:
        log(name, 0.25, 0)
    if has_thread:
        threading.Thread(target=_compute, daemon=True).start()
    started, started_cpu = time.perf_counter(), time.process_time()
    for step in range(1, n_calls // n_metrics + 1):
        for name in names:
            log(name, 0.25, step)
    n_points = n_calls // n_metrics * n_metrics
    us = (time.perf_counter() - started) / n_points * 1e6
    if "settle" in sys.argv:
        time.sleep(SETTLE_S)
    cpu_us = (time.process_time() - started_cpu) / n_points * 1e6
    # Not by the end of the script: what a peer does in its own end is not what is asked here.
    os.write(1, json.dumps({"us": us, "cpu_us": cpu_us}).encode() + b"\n")
    os.kill(os.getpid(), signal.SIGKILL if "kill" in sys.argv else signal.SIGTERM)


def _compute() -> None:
    number = 0
    while True:
        number += 1


main()
