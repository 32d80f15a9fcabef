"""A sweep whose parts are killed at random moments: what must be true when it has ended."""

import random
import time
from collections.abc import Callable, Mapping

from cluster_sweep import ClusterSweep, wait_for

N_RUNS = 12
ENDED_WITHIN_S = 300
_LEARNS = """
with ExperimentLogger(options.logdir) as logger:
    for step in range(1, 61):
        time.sleep(0.1)
        logger.add_scalar("Accuracy", options.x * (1 - 0.9**step), step)
"""


def survive(
    sweep: ClusterSweep,
    faults: Mapping[str, Callable[[random.Random], None]],
    seed: int,
    mend: Callable[[], object] = bool,
) -> list[str]:
    """Run a sweep, and cause a few of the faults meanwhile. Runs ended from outside are resumed.

    Args:
        faults: what can happen besides the death of the sweep's process.
        mend: what an administrator does again and again after that.

    Returns:
        What happened, with seconds since the start.

    Raises:
        AssertionError: a run is missing, or failed: there are no retries.
        TimeoutError: the sweep does not end.
    """
    rng, began, story = random.Random(seed), time.monotonic(), []
    train = sweep.folder / "train.py"
    train.write_text(train.read_text().partition("\nwith ExperimentLogger")[0] + _LEARNS)
    rule = {"rule": "asha", "min_resource": 5}
    sweep.configure(n_runs=N_RUNS, sampler="tpe", stopping_rules=[rule], retries=0)
    sweep.start()
    for _ in range(rng.randint(3, 6)):
        time.sleep(rng.uniform(0.2, 5))
        if not sweep.is_running:
            break
        kind = rng.choice(["sweep", "sweep", *faults])
        if kind == "sweep":
            _kill_and_resume(sweep, rng.uniform(0, 4))
        else:
            faults[kind](rng)
        story.append(f"{time.monotonic() - began:.0f} s: {kind}")
    _wait_ended(sweep, mend)
    if any(run.state == "killed" for run in sweep.runs):
        sweep.resume()
        _wait_ended(sweep, mend)
    states = {run.state for run in sweep.runs}
    assert len(sweep.runs) == N_RUNS, sweep.summary
    assert states <= {"finished", "early_stopped"}, sweep.summary
    return story


def _wait_ended(sweep: ClusterSweep, mend: Callable[[], object]) -> None:
    def is_over() -> bool:
        mend()
        return not sweep.is_running

    wait_for(is_over, f"the sweep to end: {sweep.summary}", ENDED_WITHIN_S)


def _kill_and_resume(sweep: ClusterSweep, away_s: float) -> None:
    sweep.kill()
    time.sleep(away_s)
    if sweep.events:
        sweep.resume()
    else:
        sweep.start()
