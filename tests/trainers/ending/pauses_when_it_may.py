"""Logs step 1, and ends on SIGTERM if the file `may_pause` exists. Later attempts finish."""

import os
import signal
import sys
import time
from pathlib import Path

from ml_tracking_ops.logger import ExperimentLogger


def end(number: int, frame: object) -> None:
    if Path("may_pause").exists():
        sys.exit(0)


signal.signal(signal.SIGTERM, end)
is_first = os.environ["ML_TRACKING_OPS_ATTEMPT"] == "1"
ExperimentLogger().add_scalar("loss", 0.5, 1 if is_first else 2)
while is_first:
    time.sleep(0.01)
