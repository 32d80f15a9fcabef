"""The states of runs are listed in one place, and everything else follows it."""

import re
from pathlib import Path
from typing import get_args

import pytest

from ml_tracking_ops.orchestrator.store.run_states import (
    BEGUN,
    ENDS,
    FAILURES,
    RESULTS_THAT_COUNT,
    RESUMED,
    RUN_STATES,
    STATES,
    SWEEP_ENDS,
    RunEndState,
    RunState,
    SweepState,
)
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord

_ROOT = Path(__file__).parents[3]
_NAMES = "|".join(get_args(RunState))
# two names of states in one list: a second place that would have to know a new state
_LIST = re.compile(rf"""["']({_NAMES})["']\s*(?:,|:\s*[^,\n]+,)\s*["']({_NAMES})["']""")
_STYLE = re.compile(rf"(?:--state-|--fill-|--icon-)(?:{_NAMES}):")


def test_every_state_has_facts() -> None:
    assert get_args(RunState) == RUN_STATES
    assert set(get_args(SweepState)) <= set(RUN_STATES)
    assert set(get_args(RunEndState)) == ENDS


def test_only_ends_have_results_and_are_resumed() -> None:
    assert ENDS >= RESULTS_THAT_COUNT | FAILURES | RESUMED | SWEEP_ENDS
    assert not RESULTS_THAT_COUNT & (FAILURES | RESUMED)
    assert [state for state in RUN_STATES if state not in BEGUN] == ["pending", "queued"]


@pytest.mark.parametrize("state", RUN_STATES)
def test_a_journal_ends_a_run_in_states_that_are_ends(state: RunState) -> None:
    record = SweepRecord()
    record.apply({"event": "ended", "index": 1, "time": 1.0, "state": state})
    assert (record.n_skipped == 0) == STATES[state].is_end


@pytest.mark.parametrize("suffix", [".py", ".js", ".css", ".html"])
def test_no_other_file_lists_states(suffix: str) -> None:
    found = []
    for folder in ("logger", "orchestrator", "web"):
        for path in (_ROOT / folder).rglob(f"*{suffix}"):
            text = path.read_text()
            if path.name != "run_states.py" and (_LIST.search(text) or _STYLE.search(text)):
                found.append(str(path.relative_to(_ROOT)))
    assert found == []


@pytest.mark.parametrize("state", ["gone", "", None, 1, [], {"finished": 1}])
@pytest.mark.parametrize("event", ["ended", "known", "sweep_ended"])
def test_event_with_an_unknown_state_is_skipped(event: str, state: object) -> None:
    record = SweepRecord()
    fields = {"index": 1, "hyperparameters": {}, "time": 1.0}
    record.apply({"event": event, "state": state, **fields})
    assert (record.n_skipped, record.history, record.runs) == (1, [], {})
