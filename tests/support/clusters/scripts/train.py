"""A training that does what its hyperparameter `mode` says."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from ml_tracking_ops.experiment.logger import ExperimentLogger

parser = argparse.ArgumentParser()
parser.add_argument("--logdir")
parser.add_argument("--mode", default="short")
parser.add_argument("--x", type=float)
options = parser.parse_args()

earlier = json.loads(os.environ.get("ML_TRACKING_OPS_PREVIOUS_RUN_FILES", "[]"))
if options.mode == "ignore":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if options.mode == "fails":
    print("ValueError: a bad value", file=sys.stderr)
    raise SystemExit(3)
if options.mode == "crashes":
    os.kill(os.getpid(), signal.SIGSEGV)
if options.mode == "daemon":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)

if options.mode == "family":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

with ExperimentLogger(options.logdir) as logger:
    logger.add_scalar("Accuracy", options.x, 0)
    print(f"ready, {len(earlier)} attempts before", flush=True)
    if options.mode == "memory":
        hog = []
        while True:
            hog.append(bytearray(os.urandom(1 << 20)) * 8)
    step = 0
    while options.mode in ("waits", "ignore", "family") and not pathlib.Path("release").exists():
        step += 1
        logger.add_scalar("Accuracy", options.x, step)
        time.sleep(0.2)
    if options.mode == "files":
        print(json.dumps({"folder": str(pathlib.Path.cwd()), "files": os.listdir()}))
        pathlib.Path(logger.run_dir, "model.bin").write_bytes(b"m" * 100_000)
