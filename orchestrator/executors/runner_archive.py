"""The runners that supervise a run on another machine, as one file that any Python runs.

A copy goes with the run: where it runs, this package may be missing or of another version.
"""

import hashlib
import io
import marshal
import zipfile
from functools import cache
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

from ml_tracking_ops import logger

_SUPERVISION = Path(__file__).parents[1] / "supervision"
_LOGGER = Path(logger.__file__ or "").parent
_LOGGER_MODULES = (
    "__init__",
    "given",
    "gpu_names",
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
    "messages",
    "process_table",
    "slot_server",
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
from supervision.slot_server import main
sys.exit(main(int(sys.argv[1]), sys.argv[2], sample))
"""


@cache
def runner_archive() -> bytes:
    """Return the runners and what they need, as an archive that Python runs.

    It is compiled too, for this version of Python: otherwise each run would compile it again.
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, source in _sources().items():
            archive.writestr(zipfile.ZipInfo(name), source)
            archive.writestr(zipfile.ZipInfo(f"{name}c"), _compiled(name, source))
    return data.getvalue()


def _sources() -> dict[str, bytes]:
    sources = {
        f"{folder.name}/{name}.py": (folder / f"{name}.py").read_bytes()
        for folder, names in ((_SUPERVISION, _MODULES), (_LOGGER, _LOGGER_MODULES))
        for name in names
    }
    return {"__main__.py": _MAIN.encode(), **sources}


def _compiled(name: str, source: bytes) -> bytes:
    """Return byte code that is used without checking the source, if Python is of this version."""
    flags = (1).to_bytes(4, "little")
    code = compile(source, name, "exec", dont_inherit=True)
    return MAGIC_NUMBER + flags + source_hash(source) + marshal.dumps(code)


@cache
def runner_name() -> str:
    """Return a file name that differs for archives of different content."""
    digest = hashlib.sha256(MAGIC_NUMBER)
    for source in _sources().values():
        digest.update(source)
    return f"runner-{digest.hexdigest()[:12]}.zip"
