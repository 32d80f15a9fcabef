"""The states of experiments, kept while their logs stay as they are: tables need thousands."""

from ml_tracking_ops.logger.reading.reader import LogFormatError
from ml_tracking_ops.orchestrator.store.endings import ending_of
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.files.identities import FileCache, identify
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RESUMED, RunState

_MOST_KNOWN = 100_000

State = tuple[RunState, float | None]
_states: FileCache[str, State] = FileCache(_MOST_KNOWN)


def state_of(experiment: Experiment) -> State:
    """Return the state, and for one that has ended when it logged its last value.

    A log that was closed and has not changed since is not checked for a holder again.
    """
    path = experiment.dat_file
    identity = identify(path)
    known = _states.find(path, identity)
    if known is not None:
        return known
    state = _look(experiment)
    if state[0] in ENDS - RESUMED and identity is not None:
        _states.put(path, identity, state)
    return state


def _look(experiment: Experiment) -> State:
    state = experiment.state()
    return state, None if state == "running" else _ended_at(experiment)


def _ended_at(experiment: Experiment) -> float | None:
    """Return when the last value was logged. Logs of the original tool have no such time."""
    try:
        ending = ending_of(experiment.dat_file)
    except (OSError, LogFormatError):
        return None
    last = None if ending.is_legacy else ending.last_wall_time
    return last if last is not None and last >= experiment.started_at else None
