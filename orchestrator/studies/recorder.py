"""The journal of a study: the actions of its program, and the state that follows from them."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml_tracking_ops.logger import os_files, paths

from ..search.proposals import Proposal, Proposer
from ..store.files.origins import origin_of_file
from ..store.files.run_refs import process_ref
from ..store.journal import Journal
from ..store.sweep_record import SweepRecord
from ..supervision.process_table import process_identity
from .run import StudyRun

if TYPE_CHECKING:
    from ..config.model import SweepConfig


class StudyRecorder:
    """Writes the events of a study, as an orchestrator writes those of a sweep.

    Attributes:
        record: the state after the events so far.
    """

    def __init__(self, journal: Journal, record: SweepRecord) -> None:
        self.record = record
        self._journal = journal
        self._ref = process_ref(os.getpid(), process_identity(os.getpid()))

    def write(self, event: str, **fields: Any) -> None:
        self.record.apply(self._journal.append(event, **fields))

    def beat(self) -> None:
        """Show that the program is still running."""
        self._journal.beat()

    def close(self) -> None:
        self._journal.close()

    def write_start(self, folder: Path, config: "SweepConfig", n_workers: int) -> None:
        self.write(
            "sweep_started",
            pid=os.getpid(),
            process_identity=process_identity(os.getpid()),
            host=os_files.host_name(),
            file=origin_of_file(folder / paths.JOURNAL_NAME),
            n_workers=n_workers,
            max_runs=config.max_runs,
        )

    def write_sampler(self, proposer: Proposer) -> None:
        """Record which sampler `auto` has picked, once in a study."""
        pick = proposer.pick
        if pick is not None and self.record.picked is None:
            self.write("sampler_picked", sampler=pick.name, reason=pick.reason)

    def write_sample(self, index: int, proposal: Proposal) -> None:
        fields: dict[str, Any] = {}
        if proposal.combination != index or proposal.repeat != 1:
            fields |= {"combination": proposal.combination, "repeat": proposal.repeat}
        if proposal.n_known is not None:
            fields["n_known"] = proposal.n_known
        self.write("sampled", index=index, hyperparameters=proposal.hyperparameters, **fields)

    def write_run_start(self, run: StudyRun, name: str) -> None:
        self.write(
            "started",
            index=run.index,
            name=name,
            attempt=run.attempt,
            slot=run.slot,
            ref=self._ref.as_event(),
            node=os_files.host_name(),
        )

    def write_run_end(
        self, run: StudyRun, state: str, reason: str | None, config: "SweepConfig"
    ) -> None:
        until = None if run.stopped_by is None else run.stopped_by.step
        self.write(
            "ended",
            index=run.index,
            state=state,
            exit_code=None,
            cause="exited",
            duration_s=round(time.time() - run.started_at, 6),
            best_value=run.best.value,
            best_step=run.best.step,
            n_values=run.best.n_values,
            **({"values": run.outcome.values} if config.aims.metrics else {}),
            **({} if run.curve is None else {"curve": run.curve.points(until)}),
            reason=reason,
        )

    def write_lost_runs(self) -> None:
        """Record that the runs that an earlier program left open are lost."""
        for run in list(self.record.runs.values()):
            if run.state == "running":
                self.write(
                    "ended",
                    index=run.index,
                    state="lost",
                    cause="unknown",
                    duration_s=0.0,
                    reason="the program that asked for it ended before it reported the result",
                )
