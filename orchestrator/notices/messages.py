"""Which events of a sweep are worth a message, and its content. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..store.journal import Event
from ..store.run_record import RunRecord
from ..store.run_states import ENDS, STATES
from ..store.sweep_record import SweepRecord
from ..verdict.evidence import sweep_verdict
from ..verdict.noise import is_noise, spread_between_seeds
from ..verdict.words import verdict_sentence

NEW_BEST_EVERY_S = 600.0
FAILURE_EVERY_S = 60.0
_LONGEST_REASON = 300

NoticeKind = Literal["info", "success", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. `kind` as Apprise understands it."""

    title: str
    body: str
    kind: NoticeKind


class NoticeWriter:
    """Turns the events of a sweep into messages, few enough that people keep reading them.

    A new best value is sent at most every `NEW_BEST_EVERY_S` seconds and a failed run at most every
    `FAILURE_EVERY_S`. What was held back is part of the next message of its kind, and of the last.

    Args:
        name: of the sweep.
        record: the sweep so far. It is changed.
        metric: the optimization metric, or None if the sweep has none.
    """

    def __init__(self, name: str, record: SweepRecord, metric: str | None) -> None:
        self._name = name
        self._record = record
        self._metric = metric
        self._best = record.best
        self._best_value = None if record.best is None else record.best.best_value
        self._noise_sent_for: float | None = None
        self._best_sent_s = -float("inf")
        self._failure_sent_s = -float("inf")
        self._n_unsent_failures = 0

    def take_in(self, event: Event, now_s: float) -> Iterator[Notice]:
        """Yield the messages about an event, at `now_s` of a steady clock."""
        index = self._record.apply(event)
        match event.get("event"):
            case "improved" if event["index"] in self._record.runs:
                run = self._record.runs[event["index"]]
                run.best_value, run.best_step = event["best_value"], event["best_step"]
                yield from self._new_best(now_s)
            case "ended" if index is not None:
                yield from self._failure(self._record.runs[index], now_s)
                yield from self._new_best(now_s)
                yield from self._new_on_front(self._record.runs[index], now_s)
            case "failing":
                yield Notice(
                    f"{self._name}: no more runs start", f"{event.get('reason')}", "failure"
                )
            case "sweep_ended":
                yield self._end(event)

    def _new_best(self, now_s: float) -> Iterator[Notice]:
        best = self._record.best
        if best is None or best.best_value == self._best_value:
            return
        if now_s - self._best_sent_s < NEW_BEST_EVERY_S:
            return
        spread = spread_between_seeds(self._record)
        if best.best_value is not None and is_noise(best.best_value, self._best_value, spread):
            yield from self._no_improvement(best, spread or 0.0, now_s)
            return
        is_first = self._best_value is None
        self._best_value, self._best_sent_s = best.best_value, now_s
        if not is_first:  # the first value of a sweep is no news
            yield Notice(f"{self._name}: new best", self._best_text(best), "info")

    def _new_on_front(self, run: RunRecord, now_s: float) -> Iterator[Notice]:
        """Yield a message about a run that is on the front of several objectives when it ends."""
        if not self._record.aims.objectives or now_s - self._best_sent_s < NEW_BEST_EVERY_S:
            return
        front = self._record.front
        if run not in front:
            return
        is_first, self._best_sent_s = len(front) == 1, now_s
        if not is_first:
            title = f"{self._name}: run {run.index} is on the front"
            yield Notice(title, self._result_text(run), "info")

    def _result_text(self, run: RunRecord) -> str:
        values = {one.metric: run.values[one.metric] for one in self._record.aims.objectives}
        results = ", ".join(f"{name} = {value:g}" for name, value in values.items())
        return _shortened(f"{results}, run {run.index}: {_combination(run)}")

    def _no_improvement(self, best: RunRecord, spread: float, now_s: float) -> Iterator[Notice]:
        """Yield a remark, once per best value, that slightly better values are no real
        improvement."""
        if self._noise_sent_for == self._best_value:
            return
        self._noise_sent_for, self._best_sent_s = self._best_value, now_s
        text = (
            f"{self._best_text(best)} is no improvement on {self._best_value:g}: the difference "
            f"is smaller than the spread between seeds, {spread:.2g}"
        )
        yield Notice(f"{self._name}: no improvement", text, "info")

    def _failure(self, run: RunRecord, now_s: float) -> Iterator[Notice]:
        if run.state != "failed":
            return
        self._n_unsent_failures += 1
        if now_s - self._failure_sent_s < FAILURE_EVERY_S:
            return
        more = self._n_unsent_failures - 1
        others = f", and {more} more since the last message" if more else ""
        self._failure_sent_s, self._n_unsent_failures = now_s, 0
        reason = _shortened(run.reason or "no reason is known")
        yield Notice(f"{self._name}: run {run.index} failed{others}", reason, "warning")

    def _end(self, event: Event) -> Notice:
        counts = self._record.counts
        summary = ", ".join(f"{n} {STATES[state].word}" for state, n in counts.items() if n)
        best = self._record.best
        lines = [summary or "no run was started"]
        if event.get("reason"):
            lines.append(_shortened(str(event["reason"])))
        if self._record.aims.objectives:
            front = [str(run.index) for run in self._record.front]
            lines.append(_shortened(f"on the front: {', '.join(front) or 'no run'}"))
        if best is not None:
            lines.append(f"best: {self._best_text(best)}")
        if (verdict := sweep_verdict(self._record)) is not None:
            lines.append(_shortened(verdict_sentence(verdict, self._record)))
        state = str(event.get("state"))
        words: dict[str, str] = {one: facts.word for one, facts in STATES.items()}
        kind: NoticeKind = "success" if state == "finished" else "warning"
        return Notice(f"{self._name}: {words.get(state, state)}", "\n".join(lines), kind)

    def _best_text(self, run: RunRecord) -> str:
        values = _combination(run)
        is_over_early = run.state in ENDS and run.state != "finished"
        failed = f" ({STATES[run.state].word})" if is_over_early else ""
        value = f"{self._metric} = {run.best_value:g} at step {run.best_step}"
        return _shortened(f"{value}, run {run.index}{failed}: {values}")


def _combination(run: RunRecord) -> str:
    """Return a combination with numbers in five digits: on a phone more would hide what matters."""
    given = run.hyperparameters.items()
    return ", ".join(
        f"{name} = {value:.5g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in given
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
