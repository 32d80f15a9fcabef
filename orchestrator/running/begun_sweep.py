"""Open a sweep again: its configuration, its state, and the claim to be its only orchestrator."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import os_files, paths
from ml_tracking_ops.logger.file_systems import is_on_network
from ml_tracking_ops.logger.locks import is_held

from ..commands.project import Project, find_project
from ..commands.secrets import replace_secrets
from ..config.loading import load_config
from ..config.validation import LoadedConfig, validate_config
from ..errors import SweepError, SweepHeldError, UsageError
from ..store.catalog import find_item
from ..store.files.open_folder import opened_folder
from ..store.files.run_refs import LOCAL
from ..store.journal import BEAT_S, Event, Journal
from ..store.sweep_folder import Sweep
from ..store.sweep_record import SweepRecord
from ..supervision.process_table import is_alive
from .resumption import fold

STALE_S = 6 * BEAT_S
_MAY_CHANGE = frozenset(("max_runs", "seed", "$schema"))


@dataclass(frozen=True)
class BegunSweep:
    """A sweep that was begun before, claimed and ready to continue.

    Attributes:
        missed: events that an earlier orchestrator could not write to the journal.
        warnings: for the user.
    """

    folder: Path
    loaded: LoadedConfig
    seed: int
    n_workers: int | None
    journal: Journal
    record: SweepRecord
    missed: list[Event]
    warnings: list[str]


def open_begun_sweep(
    path: str,
    logdir: Path,
    max_runs: int | None,
    on_trouble: Callable[[str], None],
    *,
    is_study: bool = False,
) -> BegunSweep:
    """Find a sweep, and claim it.

    Args:
        path: its folder, or its name in `logdir`.
        max_runs: overrides the configuration's.
        is_study: whether a program asks for its runs.

    Raises:
        UsageError: there is no such sweep, or it cannot continue as it began.
        ConfigError: its configuration, or the changed one, is wrong.
        SweepHeldError: another orchestrator is at work on it.
        SweepError: its journal cannot be written.
    """
    found = find_item(path, logdir)
    if not isinstance(found, Sweep):
        raise UsageError(f"{path} is a run, not a sweep. Name the sweep's folder")
    if found.is_legacy or found.seed is None:
        raise UsageError(f"{path}: the original tool ran this sweep. It can only be viewed")
    _check_kind(path, found, is_study=is_study)
    folder = found.path.resolve()
    _check_journal(folder, found)
    begun = _as_begun(found)
    record = SweepRecord(goal=begun.config.optimization_goal, aims=begun.config.aims)
    age_s = _silent_for_s(folder)
    try:
        journal = Journal(folder / paths.JOURNAL_NAME, on_trouble)
    except OSError as error:
        raise SweepError(f"cannot write the journal in {folder}: {error.strerror}") from error
    try:
        missed = fold(folder, record)
        _claim(journal, folder, record, age_s)
        chosen, changed = _choose_max_runs(
            begun, record, max_runs, found.description.get("max_runs_in_file")
        )
        config = begun.config.model_copy(update={"max_runs": chosen})
    except BaseException:
        journal.close()
        raise
    begun_with = record.n_workers_asked or found.description.get("n_workers")
    n_workers = begun_with if _is_here(record) else None
    return BegunSweep(
        folder,
        replace(begun, config=config),
        found.seed,
        n_workers,
        journal,
        record,
        missed,
        [*_explain_move(found, begun), *([_explain(begun, changed)] if changed else [])],
    )


def _check_kind(path: str, found: Sweep, *, is_study: bool) -> None:
    """Check that runs of this sweep may be started from here.

    Raises:
        UsageError: others start the runs of this sweep.
    """
    if found.is_study == is_study:
        return
    raise UsageError(
        f"{path} is a sweep that starts its runs itself: ml-tracking-ops sweep --resume"
        if is_study
        else f"{path} is a study, whose program trains the runs. Continue it with "
        f"Study.resume({path!r})"
    )


def _check_journal(folder: Path, sweep: Sweep) -> None:
    """Refuse to rerun runs that a lost journal no longer contains."""
    logs = sorted(filter(paths.is_run_log, (path.name for path in folder.iterdir())))
    if logs and not sweep.record.runs:
        raise UsageError(
            f"{folder / paths.JOURNAL_NAME} is missing or names no run, but there are logs of runs "
            f"there ({len(logs)}: {', '.join(logs[:3])}{', …' if logs[3:] else ''}), so it is "
            "not known what has run. Restore the journal, or start a new sweep"
        )


def _as_begun(sweep: Sweep) -> LoadedConfig:
    """Return the configuration that the sweep was begun with."""
    description: dict[str, Any] = dict(sweep.description)
    sweep_folder = sweep.path.resolve()
    project = find_project(description, sweep_folder) or Project(sweep_folder)
    given = description.get("config_path")
    path = None if given is None else project.path_now(str(given), description)
    _check_script(sweep, project)
    name = str(sweep.path / paths.DESCRIPTION_NAME)
    return validate_config(sweep.config, project.folder, name, path)


def _check_script(sweep: Sweep, project: Project) -> None:
    """Check that a project that was moved still has its script.

    Raises:
        UsageError: it does not.
    """
    script = sweep.config.get("main_script_name")
    if project.has_moved and isinstance(script, str) and not (project.folder / script).is_file():
        raise UsageError(
            f"{sweep.path} was started in {sweep.description.get('sweep_folder')} and has been "
            f"moved. There is no {script} in {project.folder}, where it would be now. Put the "
            "project there, or move the sweep back"
        )


def _explain_move(sweep: Sweep, begun: LoadedConfig) -> list[str]:
    known = sweep.description.get("folder")
    if str(begun.folder) == known:
        return []
    return [f"the project was moved from {known}. Runs are started in {begun.folder}"]


def _choose_max_runs(
    begun: LoadedConfig, record: SweepRecord, given: int | None, in_file: object
) -> tuple[int, list[str]]:
    """Return how many runs the sweep will have, and which other keys of its file have changed.

    Args:
        in_file: the value in the file when the sweep began, if a command line overrode it.
    """
    if begun.path is None or not begun.path.is_file():
        return given or record.max_runs or begun.config.max_runs, []
    now = load_config(begun.path)
    keys = sorted({*begun.source, *now.source} - _MAY_CHANGE)
    written = replace_secrets(now.source)
    changed = [key for key in keys if begun.source.get(key) != written.get(key)]
    is_edited = now.config.max_runs != (in_file or begun.config.max_runs)
    edited = now.config.max_runs if is_edited else None
    return given or edited or record.max_runs or begun.config.max_runs, changed


def _explain(begun: LoadedConfig, changed: list[str]) -> str:
    return (
        f"{begun.path} has changed since the sweep began ({', '.join(changed)}). A resumed sweep "
        "keeps its original configuration, except max_runs. Start a new sweep for other changes"
    )


def _claim(journal: Journal, folder: Path, record: SweepRecord, silent_for_s: float) -> None:
    """Make sure that no other orchestrator works on the sweep.

    Raises:
        SweepHeldError: one does.
    """
    if _is_held_by_another(journal, folder, record, silent_for_s <= STALE_S):
        is_known = not _is_here(record) or _is_alive(record)
        pid = record.pid if is_known else None
        raise SweepHeldError(folder, pid, record.host, is_elsewhere=not _is_here(record))
    still_going = [
        run
        for run in record.runs.values()
        if run.state == "running" and (run.ref is None or run.ref.executor == LOCAL)
    ]  # other engines find their runs again from any machine
    for run in [] if _is_here(record) else still_going:
        if is_held(folder / f"{run.name}{paths.DAT_SUFFIX}"):
            raise SweepHeldError(folder, None, record.host)
    journal.beat()


def _is_held_by_another(
    journal: Journal, folder: Path, record: SweepRecord, is_fresh: bool
) -> bool:
    """Return whether another orchestrator holds the sweep.

    The lock decides if it is reliable, else the process or the file's last change. A network file
    system may keep the lock of a machine that is dead, or ignore those of other machines.
    Orchestrators touch their journal every `BEAT_S` seconds.
    """
    is_on_a_network = is_on_network(folder)
    if journal.is_locked is False:
        return is_fresh or not is_on_a_network
    if journal.is_locked and (_is_here(record) or not is_on_a_network):
        return False
    return record.state == "running" and (_is_alive(record) if _is_here(record) else is_fresh)


def _is_here(record: SweepRecord) -> bool:
    return record.host in (None, os_files.host_name())


def _is_alive(record: SweepRecord) -> bool:
    return is_alive(record.pid, record.process_identity)


def _silent_for_s(folder: Path) -> float:
    """Return the seconds since the journal was last touched, by the clock of the file system."""
    clock = f".{os.getpid()}.clock"
    try:
        with opened_folder(folder) as opened:
            opened.write(clock, "")
            try:
                now = opened.look(clock).st_mtime
                return now - opened.look(paths.JOURNAL_NAME).st_mtime
            finally:
                opened.unlink(clock)
    except OSError:
        return 0.0
