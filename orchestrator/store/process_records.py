"""`processes.jsonl`: what a sweep's supervisors recorded of its training processes.

It is written by the parents of the processes, which outlive an orchestrator that is killed, so it
has starts that the journal missed, and exit codes that no orchestrator received.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import paths

from .files import fields
from .files.run_refs import RunRef, process_ref
from .journal import JournalTail
from .run_record import RunRecord
from .run_states import RESULTS_THAT_COUNT, RunState

_STOPPED_FROM_OUTSIDE = {-9, -15, -2, -1}  # SIGKILL, SIGTERM, SIGINT, SIGHUP (Windows lacks some)


@dataclass(frozen=True)
class ProcessRecord:
    """One attempt at a run. Times are seconds since the epoch. `exit_code` as in `subprocess`."""

    name: str
    index: int
    attempt: int
    slot: int | None
    pid: int
    identity: str | None
    started_at: float
    exit_code: int | None = None
    ended_at: float | None = None

    @property
    def ref(self) -> RunRef:
        return process_ref(self.pid, self.identity)


def state_by_exit_code(exit_code: int) -> RunState:
    """Return the state of a run that ended by itself, or was ended by somebody else."""
    if exit_code in _STOPPED_FROM_OUTSIDE:
        return "killed"
    return "finished" if exit_code == 0 else "failed"


def job_record_path(folder: Path, run: RunRecord) -> Path:
    """Return the path of the record, in the same form, that the runner of a run on a cluster
    keeps."""
    is_on_ray = run.ref is not None and run.ref.executor == "ray"
    own = paths.RAY_NAME if is_on_ray else paths.SLURM_NAME
    return folder / own / f"{run.name}{paths.RUN_PROCESSES_SUFFIX}"


def read_processes(path: Path) -> dict[str, ProcessRecord]:
    """Return the recorded attempts, by name. Lines that make no sense are skipped."""
    records: dict[str, ProcessRecord] = {}
    for event in JournalTail(path).read():
        try:
            _take_in(records, event)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return records


def _take_in(records: dict[str, ProcessRecord], event: Mapping[str, Any]) -> None:
    name, time = fields.file_stem(event["name"]), fields.time_of(event["time"])
    if event["event"] == "process_started":
        records[name] = ProcessRecord(
            name,
            fields.whole_number(event["index"]),
            fields.whole_number(event["attempt"]),
            fields.whole_number_or_none(event.get("slot")),
            fields.whole_number(event["pid"]),
            fields.text_or_none(event.get("process_identity")),
            time,
        )
    elif event["event"] == "process_ended" and name in records:
        exit_code = fields.whole_number(event["exit_code"])
        records[name] = replace(records[name], exit_code=exit_code, ended_at=time)


def end_unseen(run: RunRecord, record: ProcessRecord | None) -> None:
    """Set the state of a run that ended after its orchestrator, by its recorded exit code."""
    if record is None or record.exit_code is None:
        run.state, run.reason = "lost", "ended after its orchestrator, unobserved"
        return
    run.exit_code, run.ended_at = record.exit_code, record.ended_at
    if run.stopped_by_hand:
        run.state, run.reason = "killed", run.stopped_by_hand
        return
    run.state = "early_stopped" if run.stopped_by else state_by_exit_code(record.exit_code)
    if run.state not in RESULTS_THAT_COUNT:
        run.reason = f"exit code {record.exit_code}"
