"""The state of a run in a few words, for tables and lines. The full text is its `reason`."""

import signal

from ..store.run_record import RunRecord
from ..store.run_states import STATES


def short_state(run: RunRecord) -> str:
    """Return `asha @ 40`, `failed, exit 1` or `killed by hand`, otherwise the state's name."""
    word = STATES[run.state].word
    if run.state == "early_stopped":
        return _by_rule(run) or word
    if run.state == "paused":
        step = run.stopped_by.get("step") if run.stopped_by else None
        return f"{word} @ {step}" if isinstance(step, int) else word
    if run.state == "failed":
        return f"{word}, {_exit(run.exit_code)}" if run.exit_code else word
    if run.state == "killed" and run.stopped_by_hand is not None:
        return f"{word} by hand"
    return word


def state_beside_best(run: RunRecord) -> str:
    """Return `asha @ 40, best after` if the best value shown beside it came after the decision."""
    short, step = short_state(run), run.stopped_by.get("step") if run.stopped_by else None
    if run.state != "early_stopped" or not isinstance(step, int) or run.best_step is None:
        return short
    return f"{short}, best after" if run.best_step > step else short


def _by_rule(run: RunRecord) -> str | None:
    rule = run.stopping_rule
    step = run.stopped_by.get("step") if run.stopped_by else None
    if rule is None or isinstance(step, bool) or not isinstance(step, int):
        return rule
    return f"{rule} @ {step}"


def _exit(code: int) -> str:
    if code > 0:
        return f"exit {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
