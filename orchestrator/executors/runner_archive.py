"""The runners that supervise a run far from here, as one file that any Python runs.

A copy travels with the run: where it runs, this package may be missing or of another version.
"""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

_SUPERVISION = Path(__file__).parents[1] / "supervision"
_MODULES = (
    "__init__",
    "batch_facts",
    "batch_runner",
    "caretaker",
    "child",
    "os_processes",
    "output_limit",
    "process_table",
    "tied_runner",
)
_MAIN = """\
import sys
if len(sys.argv) == 2:
    from supervision.batch_runner import main
    sys.exit(main(sys.argv[1]))
from supervision.tied_runner import main
sys.exit(main(sys.argv[1], int(sys.argv[2])))
"""


@cache
def runner_archive() -> bytes:
    """The runners and what they need, as an archive that Python runs; the same each time."""
    data = io.BytesIO()
    sources = {
        f"supervision/{name}.py": (_SUPERVISION / f"{name}.py").read_bytes() for name in _MODULES
    }
    with zipfile.ZipFile(data, "w") as archive:
        for name, source in {"__main__.py": _MAIN.encode(), **sources}.items():
            archive.writestr(zipfile.ZipInfo(name), source)
    return data.getvalue()


def runner_name() -> str:
    """A file name that tells archives of different content apart."""
    return f"runner-{hashlib.sha256(runner_archive()).hexdigest()[:12]}.zip"
