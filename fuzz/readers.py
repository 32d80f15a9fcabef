"""Coverage-guided fuzzing of all that reads files which others wrote.

    pip install atheris
    python fuzz/readers.py dat|legacy|journal|config [-runs=100000] [-max_total_time=60] …

Whatever the bytes, a reader gives a result or one of our own errors; anything else ends the run
with the input that did it. libFuzzer watches time and memory (`-timeout`, `-rss_limit_mb`).
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ml_tracking_ops"]):
    from ml_tracking_ops.logger.reader import LogFormatError, LogTail, read_ending, read_log
    from ml_tracking_ops.orchestrator.config import load_config
    from ml_tracking_ops.orchestrator.errors import ConfigError
    from ml_tracking_ops.orchestrator.journal import JournalTail, SweepState
    from ml_tracking_ops.orchestrator.process_records import read_processes

FOLDER = Path(tempfile.mkdtemp())


def read_any_log(data: bytes) -> None:
    path = FOLDER / "run.dat"
    path.write_bytes(data)
    for read in (read_log, read_ending, lambda p: LogTail(p).read()):
        try:
            found = read(path)
        except LogFormatError:
            continue
        if read is read_log:
            list(found.values())


def read_legacy_log(data: bytes) -> None:
    """A frame of the original tool's format around what the fuzzer makes up."""
    import base64

    read_any_log(b'{"Loss": "' + base64.b64encode(data) + b'"}')


def read_journal(data: bytes) -> None:
    path = FOLDER / "journal.jsonl"
    path.write_bytes(data)
    state = SweepState(goal="max")
    for event in JournalTail(path).read():
        state.apply(event)
    assert state.best is None or state.counts
    read_processes(path)


def read_config(data: bytes) -> None:
    path = FOLDER / "experiment_cfg.json"
    path.write_bytes(data)
    try:
        load_config(path)
    except ConfigError as error:
        str(error)


TARGETS = {
    "dat": read_any_log, "legacy": read_legacy_log, "journal": read_journal, "config": read_config,
}  # fmt: skip


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]
    (FOLDER / "train.py").touch()
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
