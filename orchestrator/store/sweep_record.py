"""The state of a sweep: the result of folding its journal's events (see `journal.py`)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .files import fields
from .files.run_refs import ref_in
from .histories.history import HistoryEvent, RunEnded, RunSampled, WarmStartRun
from .journal import Event
from .objective import Goal
from .outcomes.aims import NO_AIMS, Aims
from .outcomes.leaders import Leaders
from .outcomes.sweep_results import SweepResults
from .pool_record import PoolRecord
from .run_record import RunRecord
from .run_states import ENDS, RUN_STATES, SWEEP_ENDS, RunState, SweepState

_MOST_RUNS = 200_000


@dataclass(slots=True)
class SweepRecord(SweepResults):
    """The result of folding a journal. `runs` is keyed by the run's index, counted from 1.

    `history` is what a sampler may learn from, in the order in which it happened.
    """

    goal: Goal | None = None
    aims: Aims = NO_AIMS
    runs: dict[int, RunRecord] = field(default_factory=dict, repr=False)
    state: SweepState = "pending"
    reason: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    n_workers: int | None = None
    max_runs: int | None = None
    pid: int | None = None
    process_identity: str | None = None
    host: str | None = None
    file: str | None = None
    """The file of its journal when it started."""
    warnings: list[str] = field(default_factory=list)
    open_warnings: dict[str, str] = field(default_factory=dict)
    """Warnings of a kind that may be withdrawn, by kind."""
    paused_at: float | None = None
    n_workers_asked: int | None = None
    """How many runs at once a user requested while the sweep ran. A resume keeps it."""
    failing: list[int] = field(default_factory=list)
    """The runs that failed in a row, if the sweep paused because of them."""
    picked: tuple[str, str] | None = None
    """The sampler that `auto`, or `tpe` under a rule, stands for, and why."""
    leaders: Leaders | None = None
    """The combinations that are confirmed, once the search is over."""
    rungs: dict[tuple[int, int], tuple[dict[str, float], bool]] = field(
        default_factory=dict, repr=False
    )
    """Run and rung → its values there, and whether it continued to the next one, if runs pause."""
    requests: set[str] = field(default_factory=set)
    """The requests that were decided."""
    n_skipped: int = 0
    run_limit: int = field(default=_MOST_RUNS, repr=False)
    history: list[HistoryEvent] = field(default_factory=list, repr=False)
    pool: PoolRecord = field(default_factory=PoolRecord, repr=False)

    @property
    def is_paused(self) -> bool:
        """Whether a user paused it: no new runs start."""
        return self.paused_at is not None and self.state == "running"

    @property
    def has_paused(self) -> bool:
        """Whether it is paused, or paused because runs failed before its orchestrator ended."""
        return self.is_paused or (self.state == "failed" and bool(self.failing))

    @property
    def counts(self) -> dict[RunState, int]:
        """How many runs are in each state. States without a run are left out."""
        found = Counter(run.state for run in self.runs.values())
        return {state: found[state] for state in RUN_STATES if found[state]}

    def apply(self, event: Event) -> int | None:
        """Fold one event in, and return the index of the run it concerns, if any.

        An event of an unknown kind changes nothing. One whose fields are missing or of the wrong
        type is counted in `n_skipped`.
        """
        fold = _FOLDS.get(str(event.get("event")))
        try:
            return None if fold is None else fold(self, event)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self.n_skipped += 1
            return None
        finally:
            self.pool.latest_at = max(self.pool.latest_at, _time_in(event))

    def run(self, event: Event) -> RunRecord:
        index = fields.whole_number(event["index"])
        if index not in self.runs and len(self.runs) >= self.run_limit:
            raise ValueError(f"more than {self.run_limit} runs")
        found = self.runs.get(index)
        if found is None:
            found = self.runs[index] = RunRecord(index)
        return found


def _time_in(event: Event) -> float:
    """Return when an event happened, or 0 if that is missing."""
    try:
        return fields.time_of(event.get("time"))
    except (TypeError, ValueError, OverflowError):
        return 0.0


def state_in(event: Event) -> RunState:
    """Return the state in an event. Earlier versions wrote it as `status`.

    Raises:
        KeyError: it has none.
        ValueError: there is no such state.
    """
    state: RunState = event["state"] if "state" in event else event["status"]
    if state not in RUN_STATES:  # a tuple: unhashable values are no members either
        raise ValueError(state)
    return RUN_STATES[RUN_STATES.index(state)]  # one object for all runs


def _sweep_started(sweep: SweepRecord, event: Event) -> None:
    started_at, n_workers = fields.time_of(event["time"]), event.get("n_workers")
    pid, host = (
        fields.whole_number_or_none(event.get("pid")),
        fields.text_or_none(event.get("host")),
    )
    identity = fields.text_or_none(event.get("process_identity"))
    max_runs = fields.whole_number_or_none(event.get("max_runs", sweep.max_runs))
    sweep.n_workers = fields.whole_number_or_none(n_workers)
    sweep.started_at = started_at if sweep.started_at is None else sweep.started_at
    sweep.state, sweep.reason, sweep.ended_at = "running", None, None
    sweep.pid, sweep.host, sweep.process_identity = pid, host, identity
    sweep.file = fields.text_or_none(event.get("file"))
    sweep.max_runs, sweep.failing = max_runs, []
    sweep.paused_at = None
    if sweep.n_workers != sweep.n_workers_asked:
        sweep.n_workers_asked = None
    sweep.pool.begin_session(started_at, sweep.n_workers)


def _sampled(sweep: SweepRecord, event: Event) -> int:
    hyperparameters = fields.named(event["hyperparameters"])
    repeat = fields.whole_number(event.get("repeat", 1))
    n_known = fields.whole_number_or_none(event.get("n_known"))
    combination = fields.whole_number(event.get("combination", event["index"]))
    run = sweep.run(event)
    run.hyperparameters, run.repeat, run.combination = hyperparameters, repeat, combination
    run.is_confirming = event.get("confirms") is True
    if run.is_confirming:
        return run.index
    sweep.history.append(RunSampled(run.index, hyperparameters, combination, repeat, n_known))
    return run.index


def _known(sweep: SweepRecord, event: Event) -> None:
    hyperparameters, state = fields.named(event["hyperparameters"]), state_in(event)
    value = fields.number_or_none(event.get("best_value"))
    stopped_by = fields.text_or_none(event.get("stopped_by"))
    outcome = _outcome_of(sweep, fields.numbers_by_name(event.get("values", {})))
    sweep.history.append(WarmStartRun(hyperparameters, state, value, stopped_by, *outcome))


def _outcome_of(
    sweep: SweepRecord, values: dict[str, float]
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Return its result and its violations, as the history holds them."""
    return sweep.aims.result(values) or None, sweep.aims.violations(values)


def _started(sweep: SweepRecord, event: Event) -> int:
    name, started_at = fields.file_stem(event["name"]), fields.time_of(event["time"])
    attempt = fields.whole_number(event.get("attempt", 1))
    slot, ref = fields.whole_number_or_none(event.get("slot")), ref_in(event)
    node, gpus = (
        fields.text_or_none(event.get("node")),
        tuple(fields.text_list(event.get("gpus", []))),
    )
    run = sweep.run(event)
    if run.state != "queued" or run.name != name:
        run.begin_attempt(name, attempt, slot)
    run.state, run.started_at, run.reason = "running", started_at, None
    run.ref, run.node, run.gpus = ref or run.ref, node, gpus
    sweep.pool.start(started_at, run.index, attempt, slot, run.place)
    return run.index


def _submitting(sweep: SweepRecord, event: Event) -> int:
    name, queued_at = fields.file_stem(event["name"]), fields.time_of(event["time"])
    attempt = fields.whole_number(event.get("attempt", 1))
    slot = fields.whole_number_or_none(event.get("slot"))
    run = sweep.run(event)
    run.begin_attempt(name, attempt, slot)
    run.state, run.queued_at = "queued", queued_at
    return run.index


def _submitted(sweep: SweepRecord, event: Event) -> int:
    ref = ref_in(event)
    run = sweep.run(event)
    run.ref = ref
    return run.index


def _queued(sweep: SweepRecord, event: Event) -> int:
    reason = fields.text_or_none(event.get("reason"))
    run = sweep.run(event)
    if run.state == "queued":
        run.reason = reason
    return run.index


def _suspended(sweep: SweepRecord, event: Event) -> int:
    suspended_at = fields.time_of(event["time"])
    run = sweep.run(event)
    run.suspend(suspended_at)
    return run.index


def _continued(sweep: SweepRecord, event: Event) -> int:
    continued_at = fields.time_of(event["time"])
    run = sweep.run(event)
    run.end_suspension(continued_at)
    return run.index


def _not_submitted(sweep: SweepRecord, event: Event) -> int:
    run = sweep.run(event)
    if run.state == "queued":
        run.state = "pending"
    if run.state == "pending":
        run.reason = fields.text_or_none(event.get("reason"))
    return run.index


def _stopped_early(sweep: SweepRecord, event: Event) -> int:
    reason = fields.text(event["reason"])
    run = sweep.run(event)
    run.reason, run.stopped_by = reason, dict(event)
    return run.index


def _reached(sweep: SweepRecord, event: Event) -> int:
    index, rung = fields.whole_number(event["index"]), fields.whole_number(event["rung"])
    if "values" in event:
        values = fields.numbers_by_name(event["values"])
    else:  # a journal from before several objectives: the value of the one metric, or None for NaN
        value = fields.number_or_none(event["value"])
        values = {} if value is None else {"": value}
    sweep.rungs[index, rung] = values, event["continues"] is True
    return index


def _promoted(sweep: SweepRecord, event: Event) -> int:
    rung, attempt = fields.whole_number(event["rung"]), fields.whole_number(event["attempt"])
    run = sweep.run(event)
    values, _ = sweep.rungs[run.index, rung]
    sweep.rungs[run.index, rung] = values, True
    run.wait_again(attempt)
    run.reason = None
    return run.index


def _ended(sweep: SweepRecord, event: Event) -> int:
    state, ended_at = state_in(event), fields.time_of(event["time"])
    if state not in ENDS:
        raise ValueError(state)
    best_value = fields.number_or_none(event.get("best_value"))
    best_step = fields.whole_number_or_none(event.get("best_step"))
    values = fields.numbers_by_name(event.get("values", {}))
    exit_code = fields.whole_number_or_none(event.get("exit_code"))
    reason = fields.text_or_none(event.get("reason"))
    output_tail = fields.text_list(event.get("output_tail", []))
    run = sweep.run(event)
    run.state, run.ended_at, run.exit_code = state, ended_at, exit_code
    run.best_value, run.best_step = best_value, best_step
    run.is_feasible = sweep.aims.are_met(values)
    run.end_suspension(ended_at)
    run.reason = reason or run.reason
    run.end(values, output_tail)
    sweep.pool.end(ended_at, run.index, state)
    if not event.get("will_retry") and not run.is_confirming:
        outcome = _outcome_of(sweep, values)
        curve = fields.pair_list(event.get("curve", []))
        sweep.history.append(
            RunEnded(run.index, state, best_value, run.stopping_rule, *outcome, curve)
        )
    return run.index


def _retrying(sweep: SweepRecord, event: Event) -> int:
    attempt = fields.whole_number(event["attempt"])
    run = sweep.run(event)
    run.wait_again(attempt)
    return run.index


def _sampler_picked(sweep: SweepRecord, event: Event) -> None:
    sweep.picked = fields.text(event["sampler"]), fields.text(event["reason"])


def _confirming(sweep: SweepRecord, event: Event) -> None:
    numbers = [fields.whole_number(number) for number in event["combinations"]]
    sweep.leaders = Leaders(numbers, fields.whole_number(event["n_runs"]))


def _dropped(sweep: SweepRecord, event: Event) -> None:
    number, repeat = fields.whole_number(event["combination"]), fields.whole_number(event["repeat"])
    reason = fields.text(event["reason"])
    if sweep.leaders is not None:
        sweep.leaders.dropped[number] = (repeat, reason)


def _failing(sweep: SweepRecord, event: Event) -> None:
    """Leave failures that paused the sweep out of the sampler's history: hyperparameters did not
    cause them."""
    indices = [fields.whole_number(index) for index in event["indices"]]
    sweep.failing = indices
    sweep.history = [
        replace(one, state="killed", value=None)
        if isinstance(one, RunEnded) and one.index in indices and one.state == "failed"
        else one
        for one in sweep.history
    ]


def _requested(sweep: SweepRecord, event: Event) -> int | None:
    identity, action = fields.text(event["id"]), event.get("action")
    at = fields.time_of(event["time"])
    sweep.requests.add(identity)
    if event["outcome"] != "done":
        return None
    if event.get("index") is not None:
        run = sweep.run(event)
        if action == "stop" and event.get("taken_back"):
            run.take_back()
        elif action == "stop":
            run.stopped_by_hand = run.reason = fields.text(event["reason"])
        elif action == "requeue":
            run.put_back(fields.whole_number(event["attempt"]))
        return run.index
    if action == "pause":
        sweep.paused_at = at
    elif action == "continue":
        sweep.paused_at = None
    elif action == "workers":
        sweep.n_workers = sweep.n_workers_asked = fields.whole_number(event["n_workers"])
        sweep.pool.resize(at, sweep.n_workers)
    return None


def _warning(sweep: SweepRecord, event: Event) -> None:
    message, kind = fields.text(event["message"]), fields.text_or_none(event.get("kind"))
    sweep.warnings.append(message)
    if kind is not None:
        sweep.open_warnings[kind] = message


def _warning_over(sweep: SweepRecord, event: Event) -> None:
    message = sweep.open_warnings.pop(fields.text(event["kind"]), None)
    if message in sweep.warnings:
        sweep.warnings.remove(message)


def _sweep_ended(sweep: SweepRecord, event: Event) -> None:
    state, ended_at = state_in(event), fields.time_of(event["time"])
    if state not in SWEEP_ENDS:
        raise ValueError(state)
    reason = fields.text_or_none(event.get("reason"))
    sweep.state, sweep.ended_at, sweep.reason = state, ended_at, reason
    sweep.pool.end_session(ended_at)
    for run in sweep.runs.values():
        if run.state == "pending":
            run.reason = None  # it no longer waits for anything


_FOLDS: dict[str, Callable[[SweepRecord, Event], int | None]] = {
    "sweep_started": _sweep_started,
    "known": _known,
    "sampled": _sampled,
    "submitting": _submitting,
    "submitted": _submitted,
    "queued": _queued,
    "not_submitted": _not_submitted,
    "suspended": _suspended,
    "continued": _continued,
    "started": _started,
    "stopped_early": _stopped_early,
    "pausing": _stopped_early,
    "reached": _reached,
    "promoted": _promoted,
    "ended": _ended,
    "retrying": _retrying,
    "sampler_picked": _sampler_picked,
    "confirming": _confirming,
    "dropped": _dropped,
    "failing": _failing,
    "requested": _requested,
    "warning": _warning,
    "warning_over": _warning_over,
    "sweep_ended": _sweep_ended,
}
