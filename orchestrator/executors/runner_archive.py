"""The runners that supervise a run far from here, as one file that any Python runs.

A copy travels with the run: where it runs, this package may be missing or of another version.
"""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

from ml_tracking_ops import logger

_SUPERVISION = Path(__file__).parents[1] / "supervision"
_LOGGER = Path(logger.__file__ or "").parent
_LOGGER_MODULES = (
    "__init__",
    "locks",
    "os_files",
    "paths",
    "records",
    "system_metrics/__init__",
    "system_metrics/gpus",
    "system_metrics/outside",
    "system_metrics/processes",
    "system_metrics/sampler",
    "writing/__init__",
    "writing/arguments",
    "writing/log_file",
    "writing/metric_names",
    "writing/plain_log",
)
_MODULES = (
    "__init__",
    "batch_facts",
    "batch_runner",
    "caretaker",
    "child",
    "late_sampling",
    "os_processes",
    "output_limit",
    "process_table",
    "tied_runner",
)
_MAIN = """\
import sys

def sample(*arguments, **options):  # imports take a while: a short run does without
    from logger.system_metrics.outside import OutsideSampling
    from logger.writing.plain_log import PlainLog
    return OutsideSampling(PlainLog, *arguments, **options)

if len(sys.argv) == 2:
    from supervision.batch_runner import main
    sys.exit(main(sys.argv[1], sample=sample))
from supervision.tied_runner import main
sys.exit(main(sys.argv[1], int(sys.argv[2])))
"""


@cache
def runner_archive() -> bytes:
    """The runners and what they need, as an archive that Python runs; the same each time."""
    data = io.BytesIO()
    sources = {
        f"{folder.name}/{name}.py": (folder / f"{name}.py").read_bytes()
        for folder, names in ((_SUPERVISION, _MODULES), (_LOGGER, _LOGGER_MODULES))
        for name in names
    }
    with zipfile.ZipFile(data, "w") as archive:
        for name, source in {"__main__.py": _MAIN.encode(), **sources}.items():
            archive.writestr(zipfile.ZipInfo(name), source)
    return data.getvalue()


def runner_name() -> str:
    """A file name that tells archives of different content apart."""
    return f"runner-{hashlib.sha256(runner_archive()).hexdigest()[:12]}.zip"
