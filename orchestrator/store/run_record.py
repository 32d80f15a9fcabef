"""The record of one run of a sweep, and of its attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .files.run_refs import RunRef
from .pool_record import Placement
from .run_states import ENDS, RESULTS_THAT_COUNT, SUBMITTED, RunState

COMPARING_RULES = frozenset({"asha", "hyperband", "median", "wandb_hyperband"})
"""Rules that stop a run since others were better with as much training, not for its own course."""

_NO_VALUES: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class PreviousAttempt:
    """The state of a run before it was requeued."""

    state: RunState
    reason: str | None
    attempt: int
    stopped_by_hand: str | None


@dataclass(slots=True)
class RunRecord:
    """One run of a sweep. Times are seconds since the epoch.

    `exit_code` is negative if a signal ended the process, as in `subprocess`.
    """

    index: int
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    state: RunState = "pending"
    reason: str | None = None
    best_value: float | None = None
    best_step: int | None = None
    values: Mapping[str, float] = field(default_factory=lambda: _NO_VALUES)
    """For a run that has ended, the value of each objective and of each constrained metric."""
    is_feasible: bool = True
    """Whether its result meets the constraints on outcomes, if there are any."""
    started_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None
    attempt: int = 1
    earlier: tuple["RunRecord", ...] = field(default=(), repr=False)
    """The earlier attempts, oldest first, as they ended."""
    is_end_known: bool = field(default=False, repr=False)
    """Whether its orchestrator recorded how the latest attempt ended."""
    _end_before: "RunRecord | None" = field(default=None, repr=False)
    """The end of the latest attempt, while the run waits to be tried again."""
    before: PreviousAttempt | None = None
    stopped_by: dict[str, Any] | None = None
    stopped_by_hand: str | None = None
    """Why it was stopped, if a user requested it. A resume does not run it again then."""
    slot: int | None = None
    ref: RunRef | None = None
    """The reference with which its engine finds it."""
    queued_at: float | None = None
    """When it was submitted to an engine with a queue."""
    suspended_at: float | None = None
    """Since when its engine has suspended it, if it has."""
    suspended_s: float = 0.0
    """How long it was suspended before."""
    node: str | None = None
    gpus: tuple[str, ...] = ()
    output_tail: Sequence[str] = ()
    combination: int | None = None
    repeat: int = 1
    is_confirming: bool = False
    """Whether it runs a leader of the search again, with another seed.

    The search knows nothing of it.
    """

    @property
    def stopping_rule(self) -> str | None:
        """The rule that stopped it early or paused it, if one did."""
        rule = self.stopped_by.get("rule") if self.stopped_by else None
        return rule if self.state in RESULTS_THAT_COUNT and isinstance(rule, str) else None

    @property
    def was_outdone(self) -> bool:
        """Whether it was stopped since others were better: its best value is no result."""
        return self.stopping_rule in COMPARING_RULES

    @property
    def previous_names(self) -> list[str]:
        """The names of the earlier attempts' files, oldest first."""
        return [attempt.name for attempt in self.earlier if attempt.name is not None]

    def attempt_named(self, name: str) -> "RunRecord":
        """Return the run as of the attempt whose files have this name, by default the latest."""
        return next((attempt for attempt in self.earlier if attempt.name == name), self)

    def keep_attempt(self) -> None:
        """Keep the latest attempt, before another one replaces it."""
        ended = self._end_before or self._copied()
        if not ended.has_ended:
            ended.state = "killed"  # its end was not recorded
        self.earlier = (*self.earlier, ended)

    def _copied(self) -> "RunRecord":
        return replace(self, earlier=(), _end_before=None)

    def end(self, values: Mapping[str, float], output_tail: Sequence[str]) -> None:
        """Take in what an orchestrator recorded about the end of the latest attempt."""
        self.values, self.output_tail = values or _NO_VALUES, tuple(output_tail)
        self.is_end_known, self._end_before = True, None

    def wait_again(self, attempt: int) -> None:
        """Let it wait to be tried again, with this attempt."""
        if self.has_ended and self.is_end_known:
            self._end_before = self._copied()
        self.state, self.attempt = "pending", attempt

    @property
    def has_ended(self) -> bool:
        return self.state in ENDS

    def begin_attempt(self, name: str, attempt: int, slot: int | None) -> None:
        """Begin another attempt, which replaces the latest."""
        if self.name not in (None, name):
            self.keep_attempt()
        self.name, self.attempt, self.slot, self.ref = name, attempt, slot, None
        self.is_end_known, self._end_before = False, None
        self.stopped_by = self.stopped_by_hand = self.before = None
        self.reason, self.ended_at, self.exit_code, self.output_tail = None, None, None, ()
        self.best_value, self.best_step = None, None
        self.values, self.is_feasible = _NO_VALUES, True
        self.queued_at = self.started_at = self.node = self.suspended_at = None
        self.suspended_s = 0.0

    @property
    def place(self) -> Placement | None:
        """Where its engine runs it, or None if the engine has no queue."""
        if self.queued_at is None or self.started_at is None:
            return None
        label = "" if self.ref is None else self.ref.label
        return Placement(label, self.node, self.gpus, max(0.0, self.started_at - self.queued_at))

    def suspend(self, at: float) -> None:
        if self.state == "running" and self.suspended_at is None:
            self.suspended_at, self.reason = at, "suspended"

    def end_suspension(self, at: float) -> None:
        if self.suspended_at is not None:
            self.suspended_s, self.suspended_at = self.total_suspended_s(at), None
            self.reason = None

    def total_suspended_s(self, now: float) -> float:
        """Return how long its engine has suspended it since it started."""
        since = 0.0 if self.suspended_at is None else max(0.0, now - self.suspended_at)
        return self.suspended_s + since

    @property
    def n_failed(self) -> int:
        """How many attempts failed by themselves. A current attempt does not count yet."""
        latest = self._end_before or self
        is_counted = latest.is_end_known and latest.has_ended and self.state not in SUBMITTED
        ended = [*self.earlier, *([latest] if is_counted else [])]
        return sum(attempt.state == "failed" for attempt in ended)

    @property
    def waits_again(self) -> bool:
        """Whether a user requeued it, and it has not started yet."""
        return self.state == "pending" and self.before is not None

    def put_back(self, attempt: int) -> None:
        """Requeue it, with this attempt."""
        was = PreviousAttempt(self.state, self.reason, self.attempt, self.stopped_by_hand)
        is_new = self.state != "pending"
        self.wait_again(attempt)
        self.before = was if is_new else self.before
        self.stopped_by_hand = self.reason = None

    def take_back(self) -> None:
        """Restore its state before `put_back`."""
        if (was := self.before) is not None:
            self.state, self.reason, self.attempt = was.state, was.reason, was.attempt
            self.stopped_by_hand, self.before, self._end_before = was.stopped_by_hand, None, None
