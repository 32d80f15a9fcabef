"""Print the summary of a sweep that has ended."""

from collections.abc import Iterable
from pathlib import Path

from ...store.combinations import best_combination, mean_text, repeated_combinations
from ...store.objective import Goal
from ...store.run_record import RunRecord
from ...store.run_states import RESUMED, counts_text, not_counted
from ...store.sweep_record import SweepRecord
from ..process import EXIT_FAILURE, EXIT_INTERRUPTED
from .front import front_lines
from .words import format_combination, print_message, print_result, short_path


def print_summary(
    record: SweepRecord,
    folder: Path,
    metric: str | None,
    goal: Goal | None = None,
    seed_name: str | None = None,
) -> int:
    """Print how a sweep ended and what was best, and return the exit code.

    Args:
        seed_name: the hyperparameter in which the runs of a combination differ, if the sweep has
            `repeats`: then its best combination comes first.
    """
    counts = counts_text(record.counts)
    why = f" ({record.reason})" if record.reason else ""
    how = record.reason if record.failing else f"{record.state}{why}"
    print_message(f"sweep {how}: {counts or 'no run was started'}")
    for missing in ("misses", "nothing", "metric"):
        if missing in record.open_warnings:
            print_message(f"warning: {record.open_warnings[missing]}")
    if record.state == "failed":
        _print_failure(record)
    what = "best run" if seed_name is None else "best single run"
    if seed_name is not None:
        _print_best_mean(record.runs.values(), metric, goal, seed_name)
    if record.aims.objectives:
        for line in front_lines(record):
            print_result(line)
    elif record.aims.where and record.best is None:
        print_result("no best run: no run with a value meets the constraints of where")
    _print_best(record.best, what, metric)
    _print_best(record.best_that_counts, "best that did not fail", metric)
    _print_verdict(record)
    print(f"look at it: ml-tracking-ops web --logdir {short_path(folder.parent)}")
    if record.state in RESUMED or record.failing:
        print_message(f"continue it: ml-tracking-ops sweep --resume {short_path(folder)}")
    return exit_code_of(record)


def _print_best(best: RunRecord | None, what: str, metric: str | None) -> None:
    if best is not None:
        print_result(
            f"{what}: {best.name}{not_counted(best.state)}  {metric}={best.best_value:.6g} "
            f"at step {best.best_step}  {format_combination(best.hyperparameters)}"
        )


def exit_code_of(record: SweepRecord) -> int:
    """Return the exit code of a command that followed a sweep to its end."""
    if record.state == "killed":
        return EXIT_INTERRUPTED
    return 0 if record.state == "finished" else EXIT_FAILURE


def _print_best_mean(
    runs: Iterable[RunRecord], metric: str | None, goal: Goal | None, seed_name: str
) -> None:
    """Print the best combination of a sweep with `repeats`, which no single lucky run can
    become."""
    best = best_combination(repeated_combinations(runs, seed_name), goal)
    if best is not None and best.mean is not None:
        print_result(
            f"best combination: {metric}={mean_text(best.mean, best.spread)} "
            f"in {len(best.values)} runs  {format_combination(best.hyperparameters)}"
        )


def _print_verdict(record: SweepRecord) -> None:
    """Print the winner, if combinations ran with several seeds."""
    if not any(run.is_confirming or run.repeat > 1 for run in record.runs.values()):
        return
    from ...verdict.evidence import sweep_verdict
    from ...verdict.words import leader_text, noise_text, verdict_sentence

    verdict = sweep_verdict(record)
    if verdict is not None:
        print_result(f"{verdict_sentence(verdict, record)}")
        facts = (leader_text(verdict.first), noise_text(verdict))
        print_result(f"  {', '.join(fact for fact in facts if fact is not None)}")


def _print_failure(record: SweepRecord) -> None:
    """Print the output of the run that failed first, since the others failed alike."""
    failed = next((run for run in record.runs.values() if run.output_tail), None)
    if failed is not None:
        print_message(f"the last lines of run {failed.name}:")
        for line in failed.output_tail:
            print_message(f"  | {line.expandtabs(4)}")
