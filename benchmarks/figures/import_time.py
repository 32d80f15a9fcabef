"""Figure 2: the time that importing the logger adds to the start of a script."""

import os
import subprocess
import time
from pathlib import Path

from suite.measuring import Figure, Options, in_turn
from suite.peers import OWN_PYTHON, PeerMissingError, python_of

OWN_IMPORT = "import ml_tracking_ops.experiment.logger"
PEERS = {
    "tensorboardX": "from tensorboardX import SummaryWriter",
    "tensorboard": "from tensorboard.summary.writer.event_file_writer import EventFileWriter",
    "dvclive": "from dvclive import Live",
    "trackio": "import trackio",
    "aim": "from aim import Run",
    "wandb": "import wandb",
    "mlflow": "import mlflow",
}


def measure(options: Options) -> Figure:
    figure = Figure(
        "import",
        "2 · import",
        f"whole processes: python -c '{OWN_IMPORT}' minus python -c pass, in turn",
    )
    rounds = options.pick(25, 5)
    bare, own = in_turn(
        lambda: _run_ms(OWN_PYTHON, "pass"), lambda: _run_ms(OWN_PYTHON, OWN_IMPORT), rounds=rounds
    )
    added = [b - a for a, b in zip(bare, own, strict=True)]
    figure.add("ml_tracking_ops.experiment.logger", added, "ms", at_most=15)
    figure.add("python -c pass", bare, "ms")
    for peer, code in PEERS.items() if options.with_peers else ():
        _peer(figure, peer, code, rounds // 5)
    return figure


def _peer(figure: Figure, peer: str, code: str, rounds: int) -> None:
    try:
        python = python_of(peer)
        bare, theirs = in_turn(
            lambda: _run_ms(python, "pass"), lambda: _run_ms(python, code), rounds=rounds
        )
        figure.add(peer, [b - a for a, b in zip(bare, theirs, strict=True)], "ms")
    except (PeerMissingError, subprocess.CalledProcessError) as error:
        figure.notes.append(f"left out: {peer}: {error}")


def _run_ms(python: Path | str, code: str) -> float:
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_MODE": "offline"}
    started = time.perf_counter()
    subprocess.run([python, "-c", code], check=True, capture_output=True, env=environment)
    return (time.perf_counter() - started) * 1e3
