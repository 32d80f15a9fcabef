"""The actions that a page offers: only those that are possible now. Pure.

A button carries its request (for `actions`) and, if it destroys something, a question to ask first.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ml_tracking_ops.logger.tensorboard.event_names import is_event_file
from ml_tracking_ops.orchestrator.steering.asking import failed_runs, waiting_again
from ml_tracking_ops.orchestrator.steering.requests import MOST_WORKERS
from ml_tracking_ops.orchestrator.store.annotations import LONGEST_NAME, LONGEST_NOTE, Annotation
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import SUBMITTED, RunState
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.formats import format_count

Body = Mapping[str, object]
"""The JSON of a request: see `actions`."""
_MOST_AGAIN = 1_000
_USUAL_RUNS_PER_CORE = 4


@dataclass(frozen=True, kw_only=True)
class NumberField:
    """A whole number in a dialog. Above `usual` it asks again, with `doubt`."""

    name: str
    label: str
    value: int
    min: int
    max: int
    usual: int
    doubt: str


@dataclass(frozen=True, kw_only=True)
class TextField:
    """A text in a dialog. `hint` explains the format."""

    name: str
    label: str
    hint: str
    most: int


@dataclass(frozen=True)
class CheckField:
    """A check box in a dialog. `is_on`: it is ticked at first."""

    name: str
    label: str
    is_on: bool = False


@dataclass(frozen=True)
class ConfirmDialog:
    """The content of a dialog. The `number`, the `entry` and the `check` go into the body."""

    title: str
    text: str
    word: str
    is_danger: bool = False
    number: NumberField | None = None
    entry: TextField | None = None
    check: CheckField | None = None
    details: str | None = None
    """An address that returns, for the same body, which files would stay."""


@dataclass(frozen=True)
class Button:
    label: str
    title: str
    path: str
    body: Body
    question: ConfirmDialog | None = None
    then: str | None = None
    """Where to go afterwards, because the page is about something that is gone."""
    is_danger: bool = False

    @property
    def request(self) -> "ActionRequest":
        """The data of the request for the page's script."""
        return ActionRequest(self.path, self.body, self.then, self.question)


@dataclass(frozen=True)
class ActionRequest:
    """A request that a page's script sends when a button is clicked and its question is
    confirmed."""

    path: str
    body: Body
    then: str | None
    question: ConfirmDialog | None


@dataclass(frozen=True)
class AnnotationLimits:
    """The longest name and note, in characters."""

    name: int = LONGEST_NAME
    note: int = LONGEST_NOTE


@dataclass(frozen=True)
class AnnotationForm:
    """The initial content of the form for annotations."""

    target: Body
    limits: AnnotationLimits
    name: str
    note: str
    tags: Sequence[str]


@dataclass(frozen=True)
class AnnotationView:
    """A user's annotations of something, and the form for them. `key` names it within the page."""

    key: str
    target: Body
    annotation: Annotation

    @property
    def form(self) -> AnnotationForm:
        annotation = self.annotation
        return AnnotationForm(
            self.target, AnnotationLimits(), annotation.name or "", annotation.note, annotation.tags
        )


def sweep_buttons(sweep: Sweep, check: CheckField | None = None) -> list[Button]:
    """Return the buttons of a sweep: to steer a running one, and to archive an ended one.

    Args:
        check: an additional question before runs run again.
    """
    again = [] if sweep.is_legacy else _again(sweep, check)
    if sweep.is_at_work:
        return [*again, *_steering(sweep)]
    if sweep.has_submitted:
        return []  # runs outlived their orchestrator: no requests are possible, and it is not over
    n_runs = len(sweep.record.runs)
    what = f"its {format_count(n_runs)} runs" if n_runs != 1 else "its run"
    is_archived = sweep.annotations.own.is_archived
    return again + archive_and_delete(
        sweep.name,
        {"sweeps": [sweep.id]},
        "/sweeps",
        is_archived=is_archived,
        text=f"The metrics and the output of {what} are removed, with all that the sweep wrote.",
    )


def _failed(sweep: Sweep) -> Collection[int]:
    return failed_runs(sweep.record)


def _again(sweep: Sweep, check: CheckField | None) -> list[Button]:
    """Return the button that requeues the failed runs, or withdraws those that wait."""
    waiting = waiting_again(sweep)
    failed = sorted(set(sweep.kept(_failed)).difference(waiting))
    return _failed_again(sweep, failed[:_MOST_AGAIN], check) + _taking_back(
        sweep, waiting[:_MOST_AGAIN]
    )


def _taking_back(sweep: Sweep, waiting: list[int]) -> list[Button]:
    if not waiting:
        return []
    title = "Leave the runs that wait to run again as they were"
    body = {"sweep": sweep.id, "action": "stop", "runs": waiting}
    return [Button(f"Take back: {format_count(len(waiting))}", title, "/api/control", body)]


def _failed_again(sweep: Sweep, failed: list[int], check: CheckField | None) -> list[Button]:
    if not failed:
        return []
    return [
        Button(
            f"Run again: {format_count(len(failed))} failed",
            "Run what failed again, as new attempts",
            "/api/control",
            {"sweep": sweep.id, "action": "requeue", "runs": failed},
            ConfirmDialog(
                "Run the failed runs again?",
                f"{format_count(len(failed))} of them, with "
                "the same hyperparameters, as new attempts. Their logs stay.",
                "Run again",
                check=check,
            ),
        )
    ]


def _steering(sweep: Sweep) -> list[Button]:
    body = {"sweep": sweep.id}
    return [
        _pause_button(sweep.record.is_paused, body),
        _workers_button(sweep.record.n_workers or 1, body),
        _stop_button(sum(sweep.counts.get(state, 0) for state in SUBMITTED), body),
    ]


def _pause_button(is_paused: bool, body: dict[str, str]) -> Button:
    if is_paused:
        return Button(
            "Continue",
            "Let the sweep start runs again",
            "/api/control",
            {**body, "action": "continue"},
        )
    return Button(
        "Pause",
        "Running runs finish, no new ones start",
        "/api/control",
        {**body, "action": "pause"},
    )


def _workers_button(n_workers: int, body: dict[str, str]) -> Button:
    n_cores = os.cpu_count() or 1
    number = NumberField(
        name="n_workers",
        label="Runs at once",
        value=n_workers,
        min=1,
        max=MOST_WORKERS,
        usual=_USUAL_RUNS_PER_CORE * n_cores,
        doubt="Start {n} more at once? This machine has "
        f"{n_cores} core{'' if n_cores == 1 else 's'}.",
    )
    return Button(
        f"{n_workers} worker{'' if n_workers == 1 else 's'}",
        "Change how many runs are running at once",
        "/api/control",
        {**body, "action": "workers"},
        ConfirmDialog(
            "How many runs at once?",
            "With fewer than now, running runs finish and are not replaced.",
            "Set",
            number=number,
        ),
    )


def _stop_button(n_running: int, body: dict[str, str]) -> Button:
    runs = (
        "The running run is"
        if n_running == 1
        else f"The {format_count(n_running)} running runs are"
    )
    return Button(
        "Stop sweep",
        "Stop every run, then the sweep",
        "/api/control",
        {**body, "action": "stop"},
        ConfirmDialog(
            "Stop this sweep?",
            f"{runs} stopped, and no other is started. Resuming it later "
            "runs them again, and then the rest.",
            "Stop sweep",
            is_danger=True,
        ),
        is_danger=True,
    )


def run_buttons(sweep: Sweep, run: RunRecord, check: CheckField | None = None) -> list[Button]:
    """Return the buttons of a run: to stop a running one, to requeue an ended one or withdraw that.

    Args:
        check: a question before it runs again. Without one there is none.
    """
    if sweep.is_legacy:
        return []
    body = {"sweep": sweep.id, "run": run.index}
    if run.state in SUBMITTED and sweep.is_at_work and not run.stopped_by_hand:
        return [
            Button(
                "Stop run",
                "Stop this run alone",
                "/api/control",
                {**body, "action": "stop"},
                ConfirmDialog(
                    f"Stop run {run.index}?",
                    "What it has logged is kept. It can be run again from the start.",
                    "Stop run",
                    is_danger=True,
                ),
                is_danger=True,
            )
        ]
    if run.index in waiting_again(sweep):
        return [
            Button(
                "Take back",
                "Leave this run as it was, do not run it again",
                "/api/control",
                {**body, "action": "stop"},
            )
        ]
    if run.has_ended or run.waits_again:
        return [
            Button(
                "Run again",
                "Run this combination again, as a new attempt",
                "/api/control",
                {**body, "action": "requeue"},
                None if check is None else _again_question(run.index, check),
            )
        ]
    return []


def _again_question(index: int, check: CheckField) -> ConfirmDialog:
    text = "With the same hyperparameters, as a new attempt. Its log so far stays."
    return ConfirmDialog(f"Run {index} again?", text, "Run again", check=check)


def experiment_buttons(experiment: Experiment, state: RunState) -> list[Button]:
    """Return the buttons of an experiment. Event files can be archived, not deleted."""
    if state == "running":
        return []
    return archive_and_delete(
        experiment.name,
        {"experiments": [experiment.id]},
        "/experiments",
        is_archived=experiment.annotation.is_archived,
        text="Its log is removed, and the folder that was made for it.",
    )[: 1 if is_event_file(experiment.dat_path) else 2]


def archive_and_delete(
    name: str, body: Body, then: str, *, is_archived: bool, text: str
) -> list[Button]:
    archive = (
        Button(
            "Unarchive",
            "Take it out of the archive, back to the lists",
            "/api/archive",
            {**body, "archived": False},
        )
        if is_archived
        else Button(
            "Archive",
            "Take it out of the lists. The archive keeps it",
            "/api/archive",
            {**body, "archived": True},
        )
    )
    delete = Button(
        "Delete",
        "Delete it permanently",
        "/api/delete",
        body,
        ConfirmDialog(
            f"Delete {name} permanently?",
            f"{text} This cannot be undone.",
            "Delete",
            is_danger=True,
            details="/api/deletion",
        ),
        then=then,
        is_danger=True,
    )
    return [archive, delete]
