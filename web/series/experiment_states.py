"""How experiments ended, remembered while their logs stay as they are: tables ask of thousands."""

from ml_tracking_ops.logger.reading.reader import LogFormatError
from ml_tracking_ops.orchestrator.store.endings import ending_of
from ml_tracking_ops.orchestrator.store.experiments import Experiment
from ml_tracking_ops.orchestrator.store.files.identities import FileCache, identify
from ml_tracking_ops.orchestrator.store.run_states import ENDS, RESUMED, RunState

_MOST_KNOWN = 100_000

State = tuple[RunState, float | None]
_states: FileCache[str, State] = FileCache(_MOST_KNOWN)


def state_of(experiment: Experiment) -> State:
    """The state, and of one that has ended when it logged its last value.

    Of a log that was closed and has not changed since nobody is asked again whether it is held.
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
    """When the last value was logged. Logs of the original tool do not say."""
    try:
        ending = ending_of(experiment.dat_file)
    except (OSError, LogFormatError):
        return None
    last = None if ending.is_legacy else ending.last_wall_time
    return last if last is not None and last >= experiment.started_at else None
