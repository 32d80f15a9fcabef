"""Does what `--what` says, after having logged one value."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

from ml_tracking_ops.experiment.logger import ExperimentLogger

FLAG = "misbehaves.go"


def wait_for_flag() -> None:
    while not Path(FLAG).exists():
        time.sleep(0.005)


def daemonize() -> None:
    """A daemon in a session of its own, whose parent is gone, and that ignores SIGTERM."""
    code = "import os,signal,time; signal.signal(15, signal.SIG_IGN); open('daemon','w').close()"
    sleeper = [sys.executable, "-c", f"{code}; time.sleep(600)"]
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen(sleeper, start_new_session=True)
        os._exit(0)
    while not Path("daemon").exists():
        time.sleep(0.005)


def close_output() -> None:
    os.close(1)
    os.close(2)


def write_gigabytes() -> None:
    sys.stdout.write("the very beginning\n")
    block = "x" * (1 << 20) + "\n"
    for _ in range(2_048):
        sys.stdout.write(block)
    sys.stdout.write("the very end\n")
    sys.stdout.flush()


def log_from_many(n_processes: int = 16, n_values: int = 500) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=log, args=(n, n_values)) for n in range(n_processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def log(number: int, n_values: int) -> None:
    for step in range(n_values):
        writer.add_scalar(f"rank {number}", step, step)


def log_hostile_names() -> None:
    for name in (
        "a\nb",
        "n" * 10_000,
        "🙈",
        "<script>alert(1)</script>",
        "\0",
        "../../x",
        "\x1b[2J",
    ):
        writer.add_scalar(name, 1.0, 1)


def log_many_names() -> None:
    for number in range(20_000):
        writer.add_scalar(f"metric {number}", number, 0)


def leave_at_once() -> None:
    os._exit(4)


def stop_itself() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def fill_the_disk() -> None:
    """Continue logging and printing until the flag exists."""
    step = 0
    while not Path(FLAG).exists():
        step += 1
        writer.add_scalar("Accuracy", 0.5, step)
        with contextlib.suppress(OSError):
            print("x" * 10)


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--logdir")
    parser.add_argument("--what")
    config, _ = parser.parse_known_args()
    writer = ExperimentLogger(logdir=config.logdir)
    writer.add_scalar("Accuracy", 1.0, 0)
    globals()[config.what]()
    os._exit(0) if config.what == "close_output" else None
