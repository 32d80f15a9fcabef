"""The places of this machine that a run takes, shared with the other sweeps of the user."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ml_tracking_ops.logger import os_files

from ..base import NotYet, RunCommand, Slot
from .gpus import unique_name
from .leases import Lease, LeaseClaim, Leases

RUNTIME_VARIABLE = "ML_TRACKING_OPS_RUNTIME_DIR"
"""Environment variable: the folder of leases, by default in the user's runtime folder."""


class SweepLeases:
    """Takes leases for the runs of one sweep.

    Args:
        groups: groups of GPUs that a slot may own. A run takes the first free one.
        runs_per_gpu: how many runs may share a GPU, over all sweeps.
        most_runs: how many runs there may be on the machine when one of this sweep starts.

    Attributes:
        trouble: why nothing is shared, if the folder for it cannot be used.
    """

    def __init__(
        self,
        groups: tuple[tuple[str, ...], ...],
        runs_per_gpu: int,
        most_runs: int | None,
        folder: Path | None = None,
    ) -> None:
        self._runs_per_gpu = runs_per_gpu
        self._most_runs = most_runs
        self._names: Mapping[str, str] = {
            gpu: unique_name(gpu) for group in groups for gpu in group
        }
        self._shown = {name: gpu for gpu, name in self._names.items()}
        self._groups = groups
        self._leases: Leases | None = None
        self.trouble: str | None = None
        try:
            self._leases = Leases(folder or runtime_folder())
        except OSError as error:
            if groups or most_runs is not None:
                self.trouble = f"runs of other sweeps are not taken into account: {error}"

    @property
    def may_wait(self) -> bool:
        """Whether `take` may wait for a lock that another sweep holds."""
        is_compared = bool(self._groups) or self._most_runs is not None
        return self._leases is not None and (is_compared or not self._leases.has_looked)

    def take(
        self, command: RunCommand, slot: Slot, runs_in_slot_gpus: int, *, may_move: bool
    ) -> tuple[tuple[str, ...], Lease | None]:
        """Return the GPUs for a run, and its lease on them.

        Args:
            runs_in_slot_gpus: how many slots of this sweep have the GPUs of this one.
            may_move: whether it may have other GPUs than its slot's.

        Raises:
            NotYet: all are taken.
        """
        if self._leases is None:
            return slot.gpus, None
        others = [group for group in self._groups if group != slot.gpus] if may_move else []
        choices = [slot.gpus, *(dict.fromkeys(others) if slot.gpus else ())]
        claim = LeaseClaim(
            sweep=str(command.record_path.parent),
            name=command.name,
            marker=f"{command.marker}={command.environment.get(command.marker, '')}",
            choices=tuple(tuple(self._names[gpu] for gpu in group) for group in choices),
            runs_per_gpu=max(self._runs_per_gpu, runs_in_slot_gpus),
            most_runs=self._most_runs,
        )
        try:
            lease = self._leases.take(claim)
        except NotYet:
            raise
        except OSError:  # the folder is no longer writable, so nothing is shared
            return slot.gpus, None
        return tuple(self._shown[name] for name in lease.gpus), lease

    def stop_waiting(self) -> None:
        """Stop waiting: the sweep is over."""
        if self._leases is not None:
            self._leases.stop_waiting()


def runtime_folder() -> Path:
    """Return a folder of this user's on this machine that is empty after a restart.

    It is the same for all sessions of the user, if the system has one: `/run/user/UID`.
    """
    if given := os.environ.get(RUNTIME_VARIABLE):
        return Path(given)
    user = os_files.user_id()
    of_user = Path(f"/run/user/{user}")
    if of_user.is_dir() and os.access(of_user, os.W_OK):
        return of_user / "ml-tracking-ops"
    if session := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(session) / "ml-tracking-ops"
    return Path(tempfile.gettempdir()) / f"ml-tracking-ops-{user}"
