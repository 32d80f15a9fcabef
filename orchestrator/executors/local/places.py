"""Which places of this machine a run takes, shared with the other sweeps of the user."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ml_tracking_ops.logger import os_files

from ..base import NotYet, RunCommand, Slot
from .gpus import unique_name
from .leases import Lease, LeaseClaim, Leases

RUNTIME_VARIABLE = "ML_TRACKING_OPS_RUNTIME_DIR"
"""Environment variable: where leases are, by default in the user's runtime folder."""


class SweepLeases:
    """Takes leases for the runs of one sweep.

    Args:
        groups: what a slot may own: groups of GPUs. A run takes the first that is free.
        runs_per_gpu: how many runs may share a GPU, over all sweeps.
        most_runs: how many runs there may be on the machine when one of ours starts.

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

    def take(
        self, command: RunCommand, slot: Slot, runs_in_slot_gpus: int, *, may_move: bool
    ) -> tuple[tuple[str, ...], Lease | None]:
        """The GPUs that a run gets, and its lease on them.

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
        except OSError:  # the folder cannot be written any more: then nothing is shared
            return slot.gpus, None
        return tuple(self._shown[name] for name in lease.gpus), lease

    def wait_no_more(self) -> None:
        """The sweep is over: it waits for nothing."""
        if self._leases is not None:
            self._leases.wait_no_more()


def runtime_folder() -> Path:
    """A folder of this user's on this machine that is empty after it starts.

    The same for all sessions of the user, as far as the system has one: `/run/user/UID`.
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
