"""The machine."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any


def describe_machine() -> dict[str, Any]:
    """Return cores, processor, Python, kernel and load."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _processor(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "numpy": version("numpy"),
        "load_1_min": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
