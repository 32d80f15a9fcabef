"""The commands that act: on running sweeps, on names and notes, on what is in a log folder."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import UsageError
from ...steering.asking import (
    RequestAnswer,
    failed_runs,
    send_request,
    send_requests,
    waiting_again,
)
from ...steering.requests import Action, SweepRequest, new_request, this_user
from ...store.annotations import (
    Annotation,
    clean_name,
    clean_note,
    clean_tags,
    edit,
    read_annotations,
)
from ...store.catalog import FoundRun, find_item
from ...store.experiments import Experiment
from ...store.removal.housekeeping import (
    DeletionPlan,
    archive,
    delete,
    place_of,
    plan_deletion,
)
from ...store.removal.runs import (
    RunDeletionPlan,
    archive_runs,
    delete_runs,
    plan_run_deletion,
)
from ...store.sweep_folder import Sweep
from ..terminal.printing import print_json
from ..terminal.words import print_message, print_result, printable_line, short_path

_WAIT_S = 10.0
EXIT_REFUSED = 1


def stop(options: argparse.Namespace) -> int:
    sweep, indices = _target(options)
    what = _runs_text(indices) if indices else f"the sweep {sweep.name} with all its runs"
    is_harmless = bool(indices) and set(indices) <= set(waiting_again(sweep))
    if not is_harmless and not confirm(f"Stop {what}?", options.yes):
        return EXIT_REFUSED
    return _ask_each(sweep, "stop", indices or [None])


def pause(options: argparse.Namespace) -> int:
    return _ask_each(_sweep(options), "pause", [None])


def continue_sweep(options: argparse.Namespace) -> int:
    return _ask_each(_sweep(options), "continue", [None])


def requeue(options: argparse.Namespace) -> int:
    sweep, indices = _target(options)
    if options.failed:
        indices = failed_runs(sweep.record)
        if not indices:
            print_message("no run of this sweep has failed")
            return 0
    if not indices:
        raise UsageError(
            "name the runs by their numbers, or use --failed: "
            f"ml-tracking-ops requeue {options.path} 3 5"
        )
    return _ask_each(sweep, "requeue", indices)


def workers(options: argparse.Namespace) -> int:
    sweep = _sweep(options)
    return _print_answer(
        send_request(
            sweep.path, new_request("workers", this_user(), n_workers=options.n_workers), _WAIT_S
        )
    )


def _ask_each(sweep: Sweep, action: Action, indices: list[int] | list[None]) -> int:
    requests: list[SweepRequest] = [new_request(action, this_user(), index=one) for one in indices]
    return max(_print_answer(answer) for answer in send_requests(sweep.path, requests, _WAIT_S))


def _print_answer(answer: RequestAnswer) -> int:
    if answer.is_met:
        print_result(answer.message)
    else:
        print_message(f"ml-tracking-ops: {answer.message}")
    return 0 if answer.is_met else EXIT_REFUSED


def _target(options: argparse.Namespace) -> tuple[Sweep, list[int]]:
    """Return the addressed sweep, and its addressed runs, if any."""
    found = find_item(options.path, options.logdir)
    if isinstance(found, FoundRun):
        if options.runs:
            raise UsageError(f"{options.path} is a run. Run numbers can only follow a sweep")
        return found.sweep, [found.run.index]
    if isinstance(found, Experiment):
        raise UsageError(
            f"{options.path} is an experiment that no sweep started: end or start its "
            "script yourself"
        )
    unknown = [index for index in options.runs if index not in found.record.runs]
    if unknown:
        raise UsageError(
            f"{options.path} has no run {unknown[0]}. It has {len(found.record.runs)} "
            f"(see: ml-tracking-ops show {options.path})"
        )
    return found, list(dict.fromkeys(options.runs))


def _sweep(options: argparse.Namespace) -> Sweep:
    found = find_item(options.path, options.logdir)
    if not isinstance(found, Sweep):
        raise UsageError(f"{options.path} is not a sweep")
    return found


def _runs_text(indices: list[int]) -> str:
    return f"run{'' if len(indices) == 1 else 's'} {', '.join(map(str, indices))}"


def confirm(question: str, is_sure: bool) -> bool:
    """Ask for confirmation on a terminal.

    Raises:
        UsageError: stdin is no terminal.
    """
    if is_sure:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{question} This is not a terminal, so nobody can answer. Add --yes")
    print(f"{printable_line(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    is_yes = sys.stdin.readline().strip().lower() in ("y", "yes")
    if not is_yes:
        print_message("nothing was done")
    return is_yes


# --- names, notes, tags ------------------------------------------------------------------------


def annotate(options: argparse.Namespace) -> int:
    for option, tags in (("--tag", options.tag), ("--untag", options.untag)):
        if not all(tag.strip() for tag in tags):
            raise UsageError(f"{option} needs a tag that is not empty")
    folder, key = _annotated_place(options)
    if options.name is None and options.note is None and not options.tag and not options.untag:
        annotations = read_annotations(folder)
        annotation = annotations.own if key is None else annotations.run(key)
    else:
        annotation = edit(folder, key, lambda known: _changed(known, options))
    _print_annotation(annotation, is_json=options.json)
    return 0


def _annotated_place(options: argparse.Namespace) -> tuple[Path, str | int | None]:
    found = find_item(options.path, options.logdir)
    if isinstance(found, FoundRun):
        return found.sweep.path, found.run.index
    if options.run is None:
        return place_of(found)
    if isinstance(found, Experiment) or options.run not in found.record.runs:
        raise UsageError(f"{options.path} has no run {options.run}")
    return found.path, options.run


def _changed(known: Annotation, options: argparse.Namespace) -> Annotation:
    gone = set(clean_tags(options.untag))
    tags = [tag for tag in (*known.tags, *options.tag) if tag.strip() not in gone]
    return replace(
        known,
        name=known.name if options.name is None else clean_name(options.name),
        note=known.note if options.note is None else clean_note(options.note),
        tags=clean_tags(tags),
    )


def _print_annotation(annotation: Annotation, *, is_json: bool) -> None:
    if is_json:
        print_json({"name": annotation.name, "note": annotation.note, "tags": [*annotation.tags]})
        return
    print_result(f"name: {annotation.name or '–'}")
    print_result(f"tags: {', '.join(annotation.tags) or '–'}")
    print_result(f"note: {annotation.note or '–'}")


# --- archive, delete ---------------------------------------------------------------------------


def archive_items(options: argparse.Namespace) -> int:
    for item in _items(options):
        if isinstance(item, FoundRun):
            archive_runs(item.sweep, [item.run.index])
            print_result(
                f"{_run_name(item)} is archived. The page of its sweep shows it under archived"
            )
            continue
        archive(item)
        print_result(f"{item.name} is archived. See: ml-tracking-ops list --archived")
    return 0


def unarchive_items(options: argparse.Namespace) -> int:
    for item in _items(options):
        if isinstance(item, FoundRun):
            archive_runs(item.sweep, [item.run.index], is_archived=False)
            print_result(f"{_run_name(item)} is no longer archived")
            continue
        archive(item, is_archived=False)
        print_result(f"{item.name} is no longer archived")
    return 0


def delete_permanently(options: argparse.Namespace) -> int:
    items = _items(options)
    plans = [_plan(item, options) for item in items]
    kept = [
        f"{one.folder.name}/{name}"
        for one in plans
        if isinstance(one, DeletionPlan)
        for name in one.others
    ]
    if kept:
        print_result(
            f"{len(kept)} {'file' if len(kept) == 1 else 'files'} that ML Tracking Ops did not "
            f"write will stay: {', '.join(kept[:5])}{', …' if len(kept) > 5 else ''}. "
            "--all-files deletes them too"
        )
    if not confirm(_deletion_question(items, plans), options.yes):
        return EXIT_REFUSED
    for item in items:
        if isinstance(item, FoundRun):
            delete_runs(item.sweep, [item.run.index], options.logdir)
            print_result(f"{_run_name(item)} is deleted. The journal keeps how it ended")
        else:
            delete(item, options.logdir, with_others=options.all_files)
            print_result(f"{item.name} is deleted")
    return 0


def _plan(item: "_Item", options: argparse.Namespace) -> DeletionPlan | RunDeletionPlan:
    if isinstance(item, FoundRun):
        return plan_run_deletion(item.sweep, [item.run.index], options.logdir)
    return plan_deletion(item, options.logdir, with_others=options.all_files)


def _deletion_question(
    items: "Sequence[_Item]", plans: Sequence[DeletionPlan | RunDeletionPlan]
) -> str:
    n_files = sum(one.n_files for one in plans)
    size_mb = sum(one.size_bytes for one in plans) / 1e6
    names = ", ".join(
        _run_name(item) if isinstance(item, FoundRun) else short_path(place_of(item)[0])
        for item in items[:5]
    )
    more = "" if len(plans) <= 5 else f" and {len(plans) - 5} more"
    return f"Delete {names}{more} permanently ({n_files} files, {size_mb:.1f} MB)?"


def _run_name(item: FoundRun) -> str:
    return f"run {item.run.index} of {item.sweep.name}"


_Item = Experiment | Sweep | FoundRun


def _items(options: argparse.Namespace) -> list[_Item]:
    """Return everything that is named, found before anything is changed."""
    return [find_item(path, options.logdir) for path in options.paths]
