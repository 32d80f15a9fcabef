"""Coverage-guided fuzzing of all readers of files that others wrote.

    pip install atheris
    python fuzz/readers.py TARGET [-runs=100000] [-max_total_time=60] …

TARGET is dat, legacy, events, records (of event files), journal, config or folder.

Whatever the bytes, a reader gives a result or one of our own errors; anything else ends the run
with the input that did it. libFuzzer watches time and memory (`-timeout`, `-rss_limit_mb`).

Last run for 45 seconds each (-timeout=10 -rss_limit_mb=1024, Python 3.11, atheris 3.0): 37,749
inputs to `dat`, 63,755 to `legacy`, 57,244 to `journal`, 52,332 to `config`, 10,522 to `folder`;
nothing was found, and no process came above 108 MB. On 29 November 2026 on a busy machine 7,497
inputs to `events` in 30 seconds and 3,062 to `records` in 45; nothing was found, 167 MB at most.
"""

import json
import pickle
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ml_tracking_ops"]):
    from ml_tracking_ops.logger import ExperimentLogger
    from ml_tracking_ops.logger.paths import DESCRIPTION_NAME, JOURNAL_NAME
    from ml_tracking_ops.logger.reading.event_log import EventTail, peek_events, read_events
    from ml_tracking_ops.logger.reading.reader import LogFormatError, LogTail, read_ending, read_log
    from ml_tracking_ops.logger.tensorboard.framing import chain, frame
    from ml_tracking_ops.logger.tensorboard.writing import encode_run
    from ml_tracking_ops.orchestrator.config.loading import load_config
    from ml_tracking_ops.orchestrator.errors import ConfigError
    from ml_tracking_ops.orchestrator.store.catalog import Catalog
    from ml_tracking_ops.orchestrator.store.journal import JournalTail
    from ml_tracking_ops.orchestrator.store.process_records import read_processes
    from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

BETWEEN = b"\0\xff\0\xff"
VERSION = b"\t\0\0\0\0\0\0\xf0?\x1a\rbrain.Event:2"
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
    """Fuzz a frame of the original tool's format."""
    import base64

    read_any_log(b'{"Loss": "' + base64.b64encode(data) + b'"}')


def read_event_file(data: bytes) -> None:
    """Fuzz an event file of TensorBoard, read whole, from its ends, and as it grows."""
    path = FOLDER / "events" / "events.out.tfevents.1.host.1.0"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    try:
        whole = read_events(str(path))
        peek_events(str(path))
    except LogFormatError:
        return
    n_points = sum(len(series) for series in whole.series.values())
    grown = EventTail(path)
    n_read, has_more = 0, True
    while has_more:
        batch = grown.read(64)
        n_read = sum(len(series) for series in batch.series.values()) + (
            0 if batch.was_reset else n_read
        )
        has_more = batch.has_more
    assert whole.n_left_out or n_read == n_points


def read_event_records(data: bytes) -> None:
    """Fuzz the contents of intact records."""
    read_event_file(b"".join(map(frame, [VERSION, *data.split(BETWEEN)])))


def read_journal(data: bytes) -> None:
    path = FOLDER / "journal.jsonl"
    path.write_bytes(data)
    record = SweepRecord(goal="max")
    for event in JournalTail(path).read():
        record.apply(event)
    assert record.best is None or record.counts
    read_processes(path)


def read_folder(data: bytes) -> None:
    """Fuzz a sweep's folder as every page reads it: description and journal, split at a NUL."""
    sweep = FOLDER / "logdir" / "sweep"
    sweep.mkdir(parents=True, exist_ok=True)
    description, _, journal = data.partition(b"\0")
    (sweep / DESCRIPTION_NAME).write_bytes(description)
    (sweep / JOURNAL_NAME).write_bytes(journal)
    for one in Catalog(FOLDER / "logdir").sweeps.values():
        assert one.record.counts is not None
        for run in one.record.runs.values():
            assert run.name is None or (one.dat_path(run) or sweep).parent == sweep


def read_config(data: bytes) -> None:
    path = FOLDER / "experiment_cfg.json"
    path.write_bytes(data)
    try:
        load_config(path)
    except ConfigError as error:
        str(error)


TARGETS = {
    "dat": read_any_log,
    "legacy": read_legacy_log,
    "events": read_event_file,
    "records": read_event_records,
    "journal": read_journal,
    "config": read_config,
    "folder": read_folder,
}


def write_seeds(target: str) -> Path:
    """Write good files to begin from: without them the fuzzer hardly gets past the first byte."""
    seeds = FOLDER / "seeds"
    seeds.mkdir()
    for number, data in enumerate(SEEDS[target]()):
        (seeds / str(number)).write_bytes(data)
    return seeds


def logs() -> list[bytes]:
    with ExperimentLogger(logdir=FOLDER / "runs") as writer:
        for step in range(20):
            writer.add_scalars({"Loss": 1 / (step + 1), "Accuracy " * 9: step}, step)
    return [Path(writer.path).read_bytes()]


def pickles() -> list[bytes]:
    points = [json.dumps({"value": 0.5, "step": n, "time": 1.5}).encode() for n in range(5)]
    return [pickle.dumps(points, protocol) for protocol in (2, 4, 5)]


def event_files() -> list[bytes]:
    points = [(float(step), step, 1 / (step + 1)) for step in range(20)]
    metrics = [("loss", points), ("acc" * 9, points)]
    return [b"".join(encode_run(metrics, {"lr": 0.1, "name": "a", "on": True}, True, 1.0))]


def event_records() -> list[bytes]:
    (data,) = event_files()
    starts, lengths, _ = chain(data)
    found = zip(starts.tolist(), lengths.tolist(), strict=True)
    return [BETWEEN.join(data[start : start + length] for start, length in found)]


def journals() -> list[bytes]:
    run = {"index": 1, "name": "a", "time": 1.5, "attempt": 1, "pid": 7, "slot": 0}
    events: list[dict[str, object]] = [
        {"event": "sweep_started", "time": 1.0, "n_workers": 2},
        {"event": "sampled", "time": 1.0, "index": 1, "hyperparameters": {"x": 0.5}},
        {**run, "event": "started"},
        {**run, "event": "stopped_early", "reason": "r"},
        {**run, "event": "ended", "state": "finished", "best_value": "inf"},
        {**run, "event": "process_started"},
        {**run, "event": "process_ended", "exit_code": -9},
    ]
    return [b"".join(json.dumps(event).encode() + b"\n" for event in events)]


def configs() -> list[bytes]:
    config = {
        "main_script_name": "train.py",
        "max_runs": 3,
        "early_stopping": True,
        "early_stopping_patience": 5,
        "optimization_metric": "a",
        "optimization_goal": "max",
        "hyperparameters": {
            "x": {"type": "uniform", "min": 0, "max": 1},
            "c": {"type": "choice", "candidates": [1, "a", None]},
        },
        "stopping_rules": [{"rule": "median"}],
        "seed": 3,
    }
    return [json.dumps(config).encode()]


def folders() -> list[bytes]:
    (config,), (journal,) = configs(), journals()
    return [b'{"config": ' + config + b', "created_at": 1.5}\0' + journal]


SEEDS = {
    "dat": logs,
    "legacy": pickles,
    "events": event_files,
    "records": event_records,
    "journal": journals,
    "config": configs,
    "folder": folders,
}


def main() -> None:
    name = sys.argv.pop(1)
    (FOLDER / "train.py").touch()
    atheris.Setup([*sys.argv, str(write_seeds(name))], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
