"""The origin of a run: machine, Python, commit, the command that reruns it. And its neighbours."""

import shlex
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import QueryParams

from ml_tracking_ops.orchestrator.commands.rerun import RerunCommand, rerun_command
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.files.run_refs import LOCAL
from ml_tracking_ops.orchestrator.store.run_details import RunDetails
from ml_tracking_ops.orchestrator.store.run_record import RunRecord
from ml_tracking_ops.orchestrator.store.run_states import SUBMITTED, RunState
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..runs.formats import format_duration
from ..runs.links import run_href
from .git_state import DIRTY, git_state_href
from .summary import SummaryFact, sweep_command

PARAMETER = "rerun"


@dataclass(frozen=True)
class NeighbourLink:
    index: int
    href: str


@dataclass(frozen=True)
class Neighbours:
    """The runs beside a run. `place`: its position in the reader's table, and the number of
    rows."""

    previous: NeighbourLink | None = None
    next: NeighbourLink | None = None
    place: tuple[int, int] | None = None


NO_NEIGHBOURS = Neighbours()


@dataclass(frozen=True)
class AttemptLink:
    """One attempt at a run, and the link to its page."""

    number: int
    href: str | None
    state: RunState
    reason: str | None
    is_shown: bool


@dataclass(frozen=True)
class RerunForm:
    """The command that reruns a run of a sweep, and a form for that of another.

    `last` is the highest number of a run. `kept` are the hidden fields of the form.
    """

    command: RerunCommand | None
    index: int
    last: int
    what: str
    kept: Sequence[tuple[str, str]]


def origin_facts(sweep: Sweep, run: RunRecord) -> list[SummaryFact]:
    """Return the facts in the sweep's description and its journal. Missing ones are left out."""
    description = sweep.description
    facts = [
        SummaryFact("Host", _text(description, "host")),
        SummaryFact("Python", _python(description), is_code=True),
        SummaryFact("Git commit", *_commit(description.get("git")), is_code=True),
        SummaryFact("ML Tracking Ops", _text(description, "package_version")),
        SummaryFact("Working directory", _text(description, "folder"), is_code=True),
        SummaryFact("Sweep started with", sweep_command(description) or "", is_code=True),
        SummaryFact("Configuration", _text(description, "config_path"), is_code=True),
        SummaryFact("Slot", "" if run.slot is None else str(run.slot + 1)),
        _engine_fact(run),
        SummaryFact("Node", run.node or ""),
        SummaryFact("GPUs", ", ".join(run.gpus)),
        SummaryFact("Time in the queue", _queue_time(run)),
        SummaryFact("Suspended for", _suspended_time(run)),
        SummaryFact("Exit", _exit(run.exit_code)),
        SummaryFact("Log", str(sweep.dat_path(run) or ""), is_code=True),
    ]
    return [fact for fact in facts if fact.value]


def _engine_fact(run: RunRecord) -> SummaryFact:
    """Return its name in its engine. A process of this machine has none once it is over."""
    if run.ref is None:
        return SummaryFact("Runs as", "")
    if run.state in SUBMITTED:
        return SummaryFact("Runs as", run.ref.label)
    return SummaryFact("Ran as", "" if run.ref.executor == LOCAL else run.ref.label)


def _suspended_time(run: RunRecord) -> str:
    """Return how long its engine has suspended it, up to now."""
    seconds = run.total_suspended_s(time.time())
    return format_duration(seconds) if seconds else ""


def _queue_time(run: RunRecord) -> str:
    """Return how long it waited for its engine to start it, or since when it has been waiting."""
    if run.queued_at is None or run.started_at is None:
        return ""
    return format_duration(run.started_at - run.queued_at)


def environment_facts(experiment: Experiment, details: RunDetails) -> list[SummaryFact]:
    """Return what the logger of a run started by hand kept about its start."""
    known = details.environment
    command = known.get("command")
    line = shlex.join(map(str, command)) if isinstance(command, list) else ""
    facts = [
        SummaryFact("Host", _text(known, "host")),
        SummaryFact("User", _text(known, "user")),
        SummaryFact("Python", _text(known, "python"), is_code=True),
        _commit_by_hand(experiment, details),
        SummaryFact("ML Tracking Ops", _text(known, "package_version")),
        SummaryFact("Working directory", _text(known, "folder"), is_code=True),
        SummaryFact("Started with", line, is_code=True),
        SummaryFact("Log", str(experiment.dat_path), is_code=True),
    ]
    return [fact for fact in facts if fact.value]


def _commit_by_hand(experiment: Experiment, details: RunDetails) -> SummaryFact:
    commit = _text(details.environment, "git_commit")
    if not commit:
        return SummaryFact("Git commit", "")
    dirty = DIRTY if details.environment.get("git_is_dirty") is True else ""
    more_href = git_state_href(experiment, details)
    return SummaryFact("Git commit", commit[:10] + dirty, commit, is_code=True, more_href=more_href)


def attempt_links(sweep: Sweep, run: RunRecord) -> list[AttemptLink]:
    """Return all attempts at a run, oldest first, if there are several."""
    latest = sweep.record.runs[run.index]
    attempts = [*latest.earlier, latest]
    if len(attempts) == 1:
        return []
    return [
        AttemptLink(
            number=attempt.attempt,
            href=run_href(f"{sweep.id}/{attempt.name}") if attempt.name else None,
            state=attempt.state,
            reason=attempt.reason,
            is_shown=attempt.name == run.name,
        )
        for attempt in attempts
    ]


def _text(description: Mapping[str, Any], key: str) -> str:
    value = description.get(key)
    return "" if value is None else str(value)


def _python(description: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (_text(description, key) for key in ("python", "executable"))))


def _commit(git: object) -> tuple[str, str]:
    """Return the commit, short and whole, and whether the folder differed from it."""
    if not isinstance(git, Mapping) or not git.get("commit"):
        return "", ""
    commit = str(git["commit"])
    dirty = DIRTY if git.get("is_dirty") else ""
    return commit[:10] + dirty, commit + dirty


def _exit(exit_code: int | None) -> str:
    if exit_code is None:
        return ""
    if exit_code >= 0:
        return f"code {exit_code}"
    try:
        return f"signal {-exit_code} ({signal.Signals(-exit_code).name})"
    except ValueError:
        return f"signal {-exit_code}"


def neighbours(
    sweep: Sweep, run: RunRecord, order: Sequence[int] = (), query: str = ""
) -> Neighbours:
    """Return the runs before and after this one that have a page, by their numbers.

    Args:
        order: the numbers of the runs of the reader's table, if any: then they are the rows above
            and below.
        query: the parameters that lead to that table, to be kept.
    """
    if run.index in order:
        place = order.index(run.index)
        above, below = order[place - 1] if place else None, [*order, None][place + 1]
        return Neighbours(
            None if above is None else _link(sweep, above, query),
            None if below is None else _link(sweep, below, query),
            (place + 1, len(order)),
        )
    started = sorted(index for index, one in sweep.record.runs.items() if one.name is not None)
    before = [index for index in started if index < run.index]
    after = [index for index in started if index > run.index]
    return Neighbours(
        _link(sweep, before[-1]) if before else None, _link(sweep, after[0]) if after else None
    )


def _link(sweep: Sweep, index: int, query: str = "") -> NeighbourLink:
    href = run_href(f"{sweep.id}/{sweep.record.runs[index].name}")
    return NeighbourLink(index, href + query)


def rerun_command_of(sweep: Sweep, run: RunRecord, logdir: Path) -> RerunCommand | None:
    name = run.name or f"run_{run.index}"
    return rerun_command(
        sweep.description, sweep.path, name, run.hyperparameters, logdir, run.index
    )


def rerun_form(
    sweep: Sweep, best_index: int | None, logdir: Path, query: QueryParams
) -> RerunForm | None:
    """Return the form for the summary of a sweep: with the run in the address, the best, or the
    first."""
    runs = sweep.record.runs
    asked = query.get(PARAMETER, "")
    is_number = asked.isascii() and asked.isdecimal() and len(asked) < 10
    wanted = int(asked) if is_number else best_index
    run = runs.get(wanted or 0) or runs.get(best_index or 0) or next(iter(runs.values()), None)
    if run is None:
        return None
    return RerunForm(
        command=rerun_command_of(sweep, run, logdir),
        index=run.index,
        last=max(runs),
        what="the best so far" if run.index == best_index else "",
        kept=[(key, value) for key, value in query.multi_items() if key != PARAMETER],
    )
