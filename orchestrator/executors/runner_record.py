"""The record that a run's runner keeps in the sweep's folder, as far as it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..store.files import fields
from ..store.journal import JournalTail
from .base import RunStart


@dataclass(frozen=True)
class RunnerRecord:
    """The record of one attempt. Times are of the node's clock.

    Attributes:
        began: the job's script has begun, perhaps with its setup lines.
        job: the number of the job that runs it.
        setup_exit_code: that of the job's script, if it ended before the runner.
        not_started: why its process could not be started.
        why: why it was ended, if it was.
        is_over: nothing of it remains.
    """

    began: bool = False
    job: str | None = None
    node: str | None = None
    gpus: tuple[str, ...] = ()
    started_at: float | None = None
    not_started: str | None = None
    why: str | None = None
    exit_code: int | None = None
    ended_at: float | None = None
    n_memory_kills: int = 0
    left_running: tuple[str, ...] = ()
    is_over: bool = False
    setup_exit_code: int | None = None

    @property
    def is_stopping(self) -> bool:
        return self.why is not None

    @property
    def start(self) -> RunStart | None:
        """When and where its process has started, or None if it has not."""
        if self.started_at is None:
            return None
        return RunStart(self.started_at, self.node, self.gpus)


def read_record(path: Path) -> RunnerRecord:
    """Read the current record. The file is opened again, as another machine may have written it."""
    record = RunnerRecord()
    for event in JournalTail(path).read():
        try:
            record = _take_in(record, event)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return record


def _take_in(record: RunnerRecord, event: Mapping[str, Any]) -> RunnerRecord:
    match event["event"]:
        case "job_started":
            return replace(record, began=True)
        case "setup_ended":
            return replace(record, setup_exit_code=fields.whole_number(event["exit_code"]))
        case "process_started":
            return replace(
                record,
                began=True,
                job=fields.text(event["job"]) or None,
                node=fields.text_or_none(event.get("node")),
                gpus=tuple(fields.text_list(event.get("gpus", []))),
                started_at=fields.time_of(event["time"]),
            )
        case "not_started":
            return replace(record, began=True, not_started=fields.text(event["message"]))
        case "stopping":
            return replace(record, why=fields.text(event["why"]))
        case "process_ended":
            return replace(
                record,
                exit_code=fields.whole_number(event["exit_code"]),
                ended_at=fields.time_of(event["time"]),
                why=fields.text_or_none(event.get("why")) or record.why,
                n_memory_kills=fields.whole_number(event.get("n_memory_kills", 0)),
            )
        case "run_over":
            return replace(
                record, left_running=tuple(fields.text_list(event["left_running"])), is_over=True
            )
    return record
