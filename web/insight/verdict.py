"""The verdict on a sweep's page: which combination won, and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep
from ml_tracking_ops.orchestrator.verdict.evidence import sweep_verdict
from ml_tracking_ops.orchestrator.verdict.verdicts import Leader, Verdict
from ml_tracking_ops.orchestrator.verdict.words import (
    leader_name,
    noise_text,
    percent,
    verdict_sentence,
)

from ..runs.entries import run_id
from ..runs.formats import format_mean, format_number
from ..runs.links import run_href


@dataclass(frozen=True)
class LeaderView:
    """A line of the table: a combination that ran with several seeds.

    `beats_next` is the probability that it is better than the one below it. `dropped`: why it is
    out of the race.
    """

    name: str
    href: str | None
    hyperparameters: Mapping[str, object]
    mean: str
    n: int
    corrected: str
    range: str
    probability: str
    share: float | None
    beats_next: str | None
    dropped: str | None


@dataclass(frozen=True)
class VerdictView:
    """The verdict, or the progress of the race as long as there is none."""

    text: str
    note: str | None
    has_winner: bool
    leaders: Sequence[LeaderView]


_known: "WeakKeyDictionary[Sweep, tuple[object, int, Verdict | None]]" = WeakKeyDictionary()


def verdict_view(sweep: Sweep) -> VerdictView | None:
    """Return the verdict, or None for a sweep without `confirm` or `repeats`, or without
    results."""
    verdict = _verdict(sweep)
    if verdict is not None:
        text = _as_on_page(verdict_sentence(verdict, sweep.record), sweep, verdict.leaders)
        shown = [_leader(sweep, verdict, place) for place in range(len(verdict.leaders))]
        return VerdictView(
            text[0].upper() + text[1:], noise_text(verdict), verdict.winner is not None, shown
        )
    leaders = sweep.record.leaders
    if leaders is None or not leaders.combinations:
        return None
    n = len(leaders.combinations)
    return VerdictView(f"The {n} leaders of the search run again with new seeds.", None, False, ())


def _verdict(sweep: Sweep) -> Verdict | None:
    """Return the verdict, computed once until a run changes."""
    known = _known.get(sweep)
    if known is None or known[0] is not sweep.changes or known[1] != len(sweep.changes):
        known = _known[sweep] = (sweep.changes, len(sweep.changes), sweep_verdict(sweep.record))
    return known[2]


def _leader(sweep: Sweep, verdict: Verdict, place: int) -> LeaderView:
    leader, below = verdict.leaders[place], verdict.leaders[place + 1 : place + 2]
    candidate, leaders = leader.candidate, sweep.record.leaders
    out = None if leaders is None else leaders.dropped.get(candidate.number)
    return LeaderView(
        name=_name(sweep, leader),
        href=_href(sweep, leader),
        hyperparameters=candidate.hyperparameters,
        mean=format_mean(leader.mean, leader.std),
        n=leader.n,
        corrected=_number(leader.corrected),
        range="–" if leader.low is None else f"{_number(leader.low)} to {_number(leader.high)}",
        probability=percent(leader.probability),
        share=None if leader.probability is None else round(leader.probability, 3),
        beats_next=percent(leader.beats.get(below[0].candidate.number)) if below else None,
        dropped=None if out is None else f"dropped after seed {out[0]}: {out[1]}",
    )


def _number(value: float | None) -> str:
    return "–" if value is None else format_number(value)


def _as_on_page(text: str, sweep: Sweep, leaders: Sequence[Leader]) -> str:
    """Return a sentence in which runs are called as on the page: ``run 8``."""
    for leader in leaders:
        text = text.replace(leader_name(leader), _name(sweep, leader))
    return text


def _name(sweep: Sweep, leader: Leader) -> str:
    runs = sweep.record.runs.values()
    run = next((one for one in runs if one.name == leader.candidate.run), None)
    return leader_name(leader) if run is None or run.name is None else f"run {run.index}"


def _href(sweep: Sweep, leader: Leader) -> str | None:
    run = next((r for r in sweep.record.runs.values() if r.name == leader.candidate.run), None)
    identity = None if run is None else run_id(sweep.id, run)
    return None if identity is None else run_href(identity)
