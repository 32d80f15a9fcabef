"""The runs of an earlier sweep, and what a new sweep's journal keeps of them."""

from pathlib import Path
from typing import Any

from spaces import space_of

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator import Study
from ml_tracking_ops.orchestrator.search.warm_start.reading import read_earlier_sweep
from ml_tracking_ops.orchestrator.store.histories.history import RunEnded, WarmStartRun
from ml_tracking_ops.orchestrator.store.journal import Journal, JournalTail
from ml_tracking_ops.orchestrator.store.sweep_record import SweepRecord


def _write_sweep(folder: Path) -> None:
    journal = Journal(folder / paths.JOURNAL_NAME, lambda text: None)
    stop = {"metric": "loss", "step": 3, "value": 1.0, "threshold": 0.5, "reason": "worse"}
    for index, rule in enumerate((None, "asha", "patience"), 1):
        journal.append("sampled", index=index, hyperparameters={"x": index / 10})
        journal.append("started", index=index, name=f"run_{index}", attempt=1)
        if rule is not None:
            journal.append("stopped_early", index=index, rule=rule, **stop)
        state = "early_stopped" if rule else "finished"
        journal.append("ended", index=index, state=state, exit_code=0, best_value=1.0)
    journal.close()


def test_rule_that_stopped_a_run_is_kept_for_the_next_sweep(tmp_path: Path) -> None:
    _write_sweep(tmp_path)
    record = SweepRecord()
    for event in JournalTail(tmp_path / paths.JOURNAL_NAME).read():
        record.apply(event)
    ends = [event for event in record.history if isinstance(event, RunEnded)]
    assert [end.stopped_by for end in ends] == [None, "asha", "patience"]

    space = space_of({"x": {"type": "uniform", "min": 0, "max": 1}})
    earlier = read_earlier_sweep(tmp_path, space)
    again = SweepRecord()
    for fields in earlier.as_events():
        again.apply({"event": "known", "time": 0.0, **fields})
    known = [event for event in again.history if isinstance(event, WarmStartRun)]
    assert known == list(earlier.known)
    assert [one.stopped_by for one in known] == [None, "asha", "patience"]


def _study(logdir: Path, **changes: Any) -> Study:
    """A study whose runs log their value, and their memory at two steps."""
    settings = {
        "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
        "max_runs": 3,
        "optimization_metric": "loss",
        "optimization_goal": "min",
    }
    with Study(logdir=logdir, **{**settings, **changes}) as study:
        while (run := study.ask()) is not None:
            for step in (1, 2):
                run.report(run.hyperparameters["x"], step)
                run.report(10 * run.index / step, step, "memory")
            study.tell(run)
    return study


def test_constraint_that_the_earlier_sweep_lacked_is_read_from_its_logs(tmp_path: Path) -> None:
    earlier = _study(tmp_path)
    with_where = {"warm_start": [str(earlier.folder)], "where": ["memory <= 9"], "max_runs": 1}
    study = _study(tmp_path, **with_where)
    known = [event for event in study.record.history if isinstance(event, WarmStartRun)]
    assert [one.violations for one in known] == [(-4.0,), (1.0,), (6.0,)]
    assert study.record.warnings == []


def test_user_is_told_of_runs_without_the_metric_of_a_constraint(tmp_path: Path) -> None:
    earlier = _study(tmp_path)
    study = _study(tmp_path, warm_start=[str(earlier.folder)], where=["gpus + memory < 9"])
    assert study.record.warnings == [
        f"warm_start: 3 of 3 runs of {earlier.folder.name} have no value of gpus, which where or "
        "objectives use. The sampler learns little from them"
    ]
