"""The actions on the selected runs or experiments together. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ml_tracking_ops.logger.tensorboard.event_names import is_event_file
from ml_tracking_ops.orchestrator.steering.asking import waiting_again
from ml_tracking_ops.orchestrator.store.annotations import LONGEST_TAG
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from .buttons import Button, CheckField, ConfirmDialog, TextField, archive_and_delete

MOST_SELECTED = 200


def selection_buttons(selected: Sequence[Experiment], *, is_archive: bool) -> list[Button]:
    """Return the actions on selected experiments. Those that have ended can be archived."""
    if not selected or len(selected) > MOST_SELECTED:
        return []
    tag = _tag_button([one.id for one in selected], "experiment")
    ended = [one for one in selected if one.state() != "running"]
    if not ended:
        return [tag]
    archive, _ = _archive_and_delete_selected(ended, is_archive=is_archive)
    own = [one for one in ended if not is_event_file(one.dat_path)]
    if not own:
        return [tag, archive]
    _, delete = _archive_and_delete_selected(own, is_archive=is_archive)
    return [tag, archive, delete]


def _archive_and_delete_selected(ended: Sequence[Experiment], *, is_archive: bool) -> list[Button]:
    n = len(ended)
    which = "1 experiment" if n == 1 else f"{n} experiments"
    names = ", ".join(one.annotation.name or one.name for one in ended[:5])
    then = "/experiments?archived=1" if is_archive else "/experiments"
    archive, delete = archive_and_delete(
        which,
        {"experiments": [one.id for one in ended]},
        then,
        is_archived=is_archive,
        text=f"{names}{f' and {n - 5} more' if n > 5 else ''}: the logs are removed, and the "
        "folders that were made for them.",
    )
    label = f"Archive {n}" if archive.label == "Archive" else archive.label
    return [replace(archive, label=label, then=then), replace(delete, label=f"Delete {n}")]


def run_selection_buttons(
    sweep: Sweep, selected: Collection[str], check: CheckField | None = None
) -> list[Button]:
    """Return the actions on selected runs of a sweep. Those that have ended can run again."""
    runs = [run for run_id in selected if (run := _run_of(sweep, run_id)) is not None]
    if not runs or len(runs) > MOST_SELECTED:
        return []
    tag = _tag_button([f"{sweep.id}/{run.name}" for run in runs], "run")
    waiting = set(waiting_again(sweep))
    again = [run.index for run in runs if run.has_ended and run.index not in waiting]
    rerun = (
        [] if sweep.is_legacy or not again else [_again_button(sweep, sorted(set(again)), check)]
    )
    return [tag, *rerun, *_archive_buttons(sweep, runs)]


def _archive_buttons(sweep: Sweep, runs: Sequence[RunRecord]) -> list[Button]:
    """Return the actions on ended runs: archive, and delete once no orchestrator is at work on the
    sweep."""
    ended = sorted({run.index for run in runs if run.has_ended})
    if not ended:
        return []
    body = {"sweep": sweep.id, "runs": ended}
    which = "1 run" if len(ended) == 1 else f"{len(ended)} runs"
    is_archived = all(sweep.is_archived(run) for run in runs if run.has_ended)
    archive, delete = archive_and_delete(
        which,
        body,
        "",
        is_archived=is_archived,
        text="The logs, the outputs and the files of all their attempts are removed. The journal "
        "keeps that they ran and how they ended. A resumed sweep does not run them again.",
    )
    title = "Take them out of tables, charts and results. The archive of the sweep keeps them"
    archive = replace(archive, label=f"{archive.label} {len(ended)}", title=title)
    if sweep.is_legacy or sweep.is_at_work:
        return [archive]
    return [archive, replace(delete, label=f"Delete {len(ended)}", then=None)]


def _run_of(sweep: Sweep, run_id: str) -> RunRecord | None:
    """Return the latest attempt of the run with this id, if it is of this sweep."""
    sweep_id, _, name = run_id.rpartition("/")
    run = sweep.run(name) if sweep_id == sweep.id else None
    return None if run is None else sweep.record.runs[run.index]


def _tag_button(ids: Sequence[str], what: str) -> Button:
    n = len(ids)
    which = f"1 {what}" if n == 1 else f"{n} {what}s"
    entry = TextField(name="tag", label="Tag", hint="a word or a phrase", most=LONGEST_TAG)
    question = ConfirmDialog(
        f"Tag {which}?",
        "The tag is added to the tags that they have.",
        "Tag",
        entry=entry,
        check=CheckField("removed", "Remove this tag instead"),
    )
    return Button(f"Tag {n}", f"Add a tag to {which}", "/api/tag", {"runs": list(ids)}, question)


def _again_button(sweep: Sweep, indices: Sequence[int], check: CheckField | None) -> Button:
    n = len(indices)
    which = "1 run" if n == 1 else f"{n} runs"
    question = ConfirmDialog(
        f"Run {which} again?",
        "With the same hyperparameters, as new attempts. The logs so far stay.",
        "Run again",
        check=check,
    )
    body = {"sweep": sweep.id, "action": "requeue", "runs": list(indices)}
    return Button(f"Run {n} again", f"Run {which} again", "/api/control", body, question)
