"""CPU time of sampling the system metrics of eight runs, as a share of a core.

    python benchmarks/system_metrics.py

Each run is a process with four children. The samples are taken one after another. A sweep takes one
every five seconds.
"""

import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ml_tracking_ops.logger.system_metrics.sampler import SAMPLE_EVERY_S, SystemSampler
from ml_tracking_ops.logger.writing.experiment_logger import ExperimentLogger

N_RUNS = 8
N_SAMPLES = 200
RUN = """
import subprocess, sys, time
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
children = [subprocess.Popen(sleep) for _ in range(4)]
print("ready", flush=True)
time.sleep(600)
"""


def main() -> None:
    command = [sys.executable, "-c", RUN]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        for _ in range(N_RUNS)
    ]
    try:
        for run in runs:
            assert run.stdout is not None
            run.stdout.readline()
        costs_s = measure([run.pid for run in runs])
    finally:
        for run in runs:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    median_s = statistics.median(costs_s)
    result = {
        "runs": N_RUNS,
        "processes_of_runs": N_RUNS * 5,
        "processes_of_machine": sum(path.name.isdigit() for path in Path("/proc").iterdir()),
        "samples": N_SAMPLES,
        "cpu_ms_a_sample": {
            "median": round(median_s * 1e3, 3),
            "min": round(min(costs_s) * 1e3, 3),
            "max": round(max(costs_s) * 1e3, 3),
        },
        "percent_of_a_core": round(sum(costs_s) / N_SAMPLES / SAMPLE_EVERY_S * 100, 4),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }
    print(json.dumps(result, indent=1))


def measure(pids: list[int]) -> list[float]:
    """Return the CPU seconds of each sample."""
    costs_s = []
    with tempfile.TemporaryDirectory() as folder:
        sampler = SystemSampler(ExperimentLogger.at)
        gpus = sampler.gpus.visible()
        for pid in pids:
            sampler.add(pid, str(Path(folder, f"{pid}.dat")), time.time(), gpus)
        for _ in range(N_SAMPLES):
            began = time.process_time()
            sampler.sample()
            costs_s.append(time.process_time() - began)
        sampler.close()
    return costs_s


if __name__ == "__main__":
    main()
