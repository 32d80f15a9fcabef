"""Time a peer's call that logs one value, or the values of several metrics together.

Usage: peer_loops.py PEER FOLDER N_CALLS N_METRICS HAS_THREAD [kill|settle] [together]

With `together` all metrics of a step are logged with one call, which counts as many calls as it
logs values. With `kill` the process sends itself SIGKILL right after the last call has returned.
With `settle` the peer first gets three seconds to write its queue, and the CPU time of its threads
counts too, as `cpu_us`.
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
LogTogether = Callable[[dict[str, float], int], object]


def one_by_one(log_together: LogTogether) -> Log:
    """Log one value with a call that takes a dict."""
    return lambda name, value, step: log_together({name: value}, step)


def own(folder: Path) -> Log:
    os.environ["ML_TRACKING_OPS_RUN_FILE"] = str(folder / "own.dat")
    from ml_tracking_ops.experiment.logger import ExperimentLogger

    return ExperimentLogger().add_scalar


def own_together(folder: Path) -> LogTogether:
    os.environ["ML_TRACKING_OPS_RUN_FILE"] = str(folder / "own.dat")
    from ml_tracking_ops.experiment.logger import ExperimentLogger

    return ExperimentLogger().add_scalars


def tensorboardX(folder: Path) -> Log:
    from tensorboardX import SummaryWriter

    return SummaryWriter(str(folder)).add_scalar


def tensorboard(folder: Path) -> Log:
    """Log as torch's SummaryWriter does, with the event file writer of `tensorboard`."""
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


def trackio_together(folder: Path) -> LogTogether:
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio

    trackio.init(project="benchmark", embed=False)
    return lambda values, step: trackio.log(values, step=step)


def trackio(folder: Path) -> Log:
    return one_by_one(trackio_together(folder))


def goodseed_together(folder: Path) -> LogTogether:
    import goodseed

    run = goodseed.Run(
        project="benchmark",
        storage="local",
        goodseed_home=folder,
        log_dir=folder,
        capture_hardware_metrics=False,
        capture_stdout=False,
        capture_stderr=False,
        capture_traceback=False,
        git_ref=False,
    )
    return lambda values, step: run.log_metrics(values, step=step)


def goodseed(folder: Path) -> Log:
    return one_by_one(goodseed_together(folder))


def p95_together(folder: Path) -> LogTogether:
    from p95 import Run

    run = Run(
        project="benchmark",
        mode="local",
        logdir=str(folder),
        capture_git=False,
        capture_system=False,
    )
    return lambda values, step: run.log_metrics(values, step=step)


def p95(folder: Path) -> Log:
    return one_by_one(p95_together(folder))


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
    if "together" in sys.argv:
        log_step = together(globals()[f"{peer}_together"](folder), names)
    else:
        log_step = one_after_the_other(globals()[peer](folder), names)
    log_step(0)
    if has_thread:
        threading.Thread(target=_compute, daemon=True).start()
    started, started_cpu = time.perf_counter(), time.process_time()
    for step in range(1, n_calls // n_metrics + 1):
        log_step(step)
    n_points = n_calls // n_metrics * n_metrics
    us = (time.perf_counter() - started) / n_points * 1e6
    if "settle" in sys.argv:
        time.sleep(SETTLE_S)
    cpu_us = (time.process_time() - started_cpu) / n_points * 1e6
    # Do not end normally: what a peer does at its end is not measured here.
    os.write(1, json.dumps({"us": us, "cpu_us": cpu_us}).encode() + b"\n")
    if "kill" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(0)


def together(log_together: LogTogether, names: list[str]) -> Callable[[int], None]:
    def log_step(step: int) -> None:
        log_together(dict.fromkeys(names, 0.25), step)

    return log_step


def one_after_the_other(log: Log, names: list[str]) -> Callable[[int], None]:
    def log_step(step: int) -> None:
        for name in names:
            log(name, 0.25, step)

    return log_step


def _compute() -> None:
    number = 0
    while True:
        number += 1


main()
