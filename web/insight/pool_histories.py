"""The `PoolHistory` of each sweep that somebody looks at, read on from where it was read to."""

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator.store.journal import JournalTail
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from .pool_history import PoolHistory


@dataclass
class _Read:
    tail: JournalTail
    history: PoolHistory = field(default_factory=PoolHistory)


_known: WeakKeyDictionary[Sweep, _Read] = WeakKeyDictionary()


def pool_history(sweep: Sweep) -> PoolHistory:
    """As of now; the same object until the journal is replaced. Empty for the original tool's."""
    read = _known.get(sweep)
    if read is None:
        read = _known[sweep] = _Read(JournalTail(sweep.path / paths.JOURNAL_NAME))
    events = [] if sweep.is_legacy else read.tail.read()
    if read.tail.was_reset:
        read.history = PoolHistory()
    for event in events:
        read.history.apply(event)
    read.history.settle(sweep.state.runs)
    if read.history.sessions and sweep.state.status == "lost":
        last = read.history.sessions[-1]
        if last.ended_at is None:
            last.ended_at = read.history.latest_at
    return read.history
