"""What the runs of all of a user's sweeps hold on this machine: GPUs, and places for runs.

Each running run has a lease: a file in a private folder that records who holds what. A lease whose
run is gone no longer counts, even if its orchestrator was killed. A run that has to wait leaves a
ticket. A free place goes to the oldest ticket, so that sweeps take turns.
"""

import contextlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.locks import hold_exclusive

from ...store.files.cache_folder import make_private_folder
from ...supervision.process_table import (
    find_marked,
    is_alive,
    is_group_alive,
    is_of_this_boot,
    process_identity,
)
from ..base import NotYet

MACHINE = "this machine"
_LEASE, _TICKET = ".lease", ".ticket"
_TICKET_LIVES_S = 10.0
_LOCK_WITHIN_S = 5.0
_TRY_AGAIN_S = 0.005
_MOST_BYTES = 1 << 16
_FILE_MODE = 0o600


@dataclass(frozen=True)
class LeaseClaim:
    """What a run needs.

    Attributes:
        sweep: the folder of its sweep.
        name: the run's.
        marker: the variable (`NAME=value`) by which its processes are known.
        choices: groups of GPUs. The run takes the first free one.
        runs_per_gpu: how many runs may share each of them.
        most_runs: how many runs there may be on the machine including this one, or None for any
            number.
    """

    sweep: str
    name: str
    marker: str
    choices: tuple[tuple[str, ...], ...] = ((),)
    runs_per_gpu: int = 1
    most_runs: int | None = None

    @property
    def asks_nothing(self) -> bool:
        """Whether it can never be refused: it needs no GPU, and sets no limit."""
        return self.most_runs is None and not any(self.choices)


@dataclass(frozen=True)
class _Held:
    """A lease or a ticket on disk."""

    path: Path
    pid: int
    identity: str | None
    run: tuple[int, str | None] | None
    sweep: str
    marker: str
    choices: tuple[tuple[str, ...], ...]
    runs_per_gpu: int
    most_runs: int | None
    since: float

    @property
    def is_of_living(self) -> bool:
        """Whether the run is alive, or the process that is about to start it."""
        if self.run is not None:
            return _lives(*self.run)
        return is_alive(self.pid, self.identity) or bool(self.marker and find_marked(self.marker))

    def wants(self, gpu: str) -> bool:
        return any(gpu in group for group in self.choices)


class Lease:
    """What one run holds.

    Args:
        is_only_counted: the run holds nothing that others could need. If its orchestrator dies, it
            is known by its marker, so that its process need not be written down.
    """

    def __init__(
        self,
        path: Path,
        content: dict[str, Any],
        gpus: tuple[str, ...],
        *,
        is_only_counted: bool = False,
    ) -> None:
        self._path = path
        self._content = content
        self._is_only_counted = is_only_counted
        self.gpus = gpus

    def belongs_to(self, pid: int, identity: str | None) -> None:
        """Assign the lease to a process group. It ends with the group."""
        if self._is_only_counted:
            return
        with contextlib.suppress(OSError):  # otherwise it is assigned to our own process
            _write(self._path, {**self._content, "run": [pid, identity]})

    def give_back(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()


class Leases:
    """Leases of this user on this machine, as one orchestrator sees them.

    Args:
        folder: created if missing.

    Attributes:
        has_looked: whether all leases have been read once.

    Raises:
        OSError: the folder cannot be made, or others can write in it.
    """

    def __init__(self, folder: Path) -> None:
        make_private_folder(folder)
        self._folder = folder
        self._own = (os.getpid(), process_identity(os.getpid()))
        self._token = secrets.token_hex(8)
        self._since: float | None = None
        self.has_looked = False

    def take(self, claim: LeaseClaim) -> Lease:
        """Take a lease on the first free places.

        A claim that asks for nothing is not compared with what others hold. Even so, the first one
        reads all leases, which removes the files of runs that are gone.

        Raises:
            NotYet: none is free, or others have waited for longer. The text names what it waits
                for.
            OSError: the folder cannot be used.
        """
        if claim.asks_nothing and self.has_looked:
            with contextlib.suppress(FileNotFoundError):
                return self._write_lease(claim, ())
        make_private_folder(self._folder)  # the system may have cleared its temporary files
        with self._locked():
            self.has_looked = True
            leases, tickets = self._held(_LEASE), self._held(_TICKET)
            older = sorted(filter(self._is_before_us, tickets), key=lambda ticket: ticket.since)
            reasons = []
            for gpus in claim.choices:
                reason = _why_not(claim, gpus, leases, older)
                if reason is None:
                    self.stop_waiting()
                    return self._write_lease(claim, gpus)
                reasons.append(reason)
            self._write_ticket(claim)
        raise NotYet(reasons[0] if len(reasons) == 1 else _together(reasons))

    def stop_waiting(self) -> None:
        """Withdraw the ticket of this orchestrator, if it has one."""
        if self._since is None:
            return
        self._since = None
        with contextlib.suppress(OSError):
            (self._folder / f"{self._token}{_TICKET}").unlink()

    def _is_before_us(self, ticket: _Held) -> bool:
        if ticket.path.stem == self._token:
            return False
        return self._since is None or ticket.since < self._since

    def _write_lease(self, claim: LeaseClaim, gpus: tuple[str, ...]) -> Lease:
        content = self._content(claim, (gpus,))
        path = self._folder / f"{secrets.token_hex(8)}{_LEASE}"
        _write(path, content)
        return Lease(path, content, gpus, is_only_counted=claim.asks_nothing)

    def _write_ticket(self, claim: LeaseClaim) -> None:
        self._since = time.time() if self._since is None else self._since
        content = {**self._content(claim, claim.choices), "since": self._since}
        _write(self._folder / f"{self._token}{_TICKET}", content)

    def _content(self, claim: LeaseClaim, choices: Sequence[tuple[str, ...]]) -> dict[str, Any]:
        return {
            "pid": self._own[0],
            "identity": self._own[1],
            "run": None,
            "sweep": claim.sweep,
            "name": claim.name,
            "marker": claim.marker,
            "choices": [list(group) for group in choices],
            "runs_per_gpu": claim.runs_per_gpu,
            "most_runs": claim.most_runs,
            "since": time.time(),
        }

    def _held(self, suffix: str) -> list[_Held]:
        """Return what living processes hold or wait for. The files of others are removed."""
        found = []
        for path in sorted(self._folder.glob(f"*{suffix}")):
            held = _read(path)
            if held is not None and held.is_of_living and not _is_forgotten(path, suffix):
                found.append(held)
            else:
                with contextlib.suppress(OSError):
                    path.unlink()
        return found

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold a lock while reading and writing. The kernel releases it if the process is
        killed."""
        fd = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os_files.NO_LINK, _FILE_MODE)
        give_up_at = time.monotonic() + _LOCK_WITHIN_S
        try:
            while hold_exclusive(fd) is False:
                if time.monotonic() > give_up_at:
                    raise NotYet(f"another process holds {self._folder / 'lock'}")
                time.sleep(_TRY_AGAIN_S)
            yield
        finally:
            os.close(fd)


def _why_not(
    claim: LeaseClaim, gpus: tuple[str, ...], leases: Sequence[_Held], older: Sequence[_Held]
) -> str | None:
    """Explain why a claim cannot have these GPUs now, or return None if it can."""
    for gpu in gpus:
        holders = [lease for lease in leases if lease.wants(gpu)]
        most = min([claim.runs_per_gpu, *(lease.runs_per_gpu for lease in holders)])
        if len(holders) >= most:
            return f"GPU {gpu} is taken by {_names(holders, claim)} (runs_per_gpu {most})"
        if waiting := [ticket for ticket in older if ticket.wants(gpu)]:
            return f"GPU {gpu} goes first to {_names(waiting[:1], claim)}, which has waited longer"
    if claim.most_runs is not None:
        if len(leases) >= claim.most_runs:
            return (
                f"{MACHINE} has {len(leases)} {'run' if len(leases) == 1 else 'runs'} of "
                f"{_names(leases, claim)} (max_runs_on_machine {claim.most_runs})"
            )
        if waiting := [ticket for ticket in older if ticket.most_runs is not None]:
            return f"{_names(waiting[:1], claim)} has waited longer for room on {MACHINE}"
    return None


def _names(held: Sequence[_Held], claim: LeaseClaim) -> str:
    """Return the names of the sweeps that hold something, for people."""
    sweeps = dict.fromkeys(one.sweep for one in held)
    return " and ".join(
        "this sweep" if sweep == claim.sweep else f"the sweep {Path(sweep).name}"
        for sweep in sweeps
    )


def _together(reasons: Sequence[str]) -> str:
    return f"{reasons[0]}, and {len(reasons) - 1} more"


def _lives(pid: int, identity: str | None) -> bool:
    """Return whether a process, or one that remains in its group, is still running."""
    if is_alive(pid, identity):
        return True
    return is_of_this_boot(identity) and process_identity(pid) is None and is_group_alive(pid)


def _is_forgotten(path: Path, suffix: str) -> bool:
    """Return whether the ticket was not renewed for a while: a paused sweep waits for nothing."""
    return suffix == _TICKET and time.time() - path.stat().st_mtime > _TICKET_LIVES_S


def _read(path: Path) -> _Held | None:
    """Read a lease or ticket. Returns None if it is missing or unreadable."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_BYTES))
        run = found["run"]
        return _Held(
            path,
            int(found["pid"]),
            found["identity"],
            None if run is None else (int(run[0]), run[1]),
            str(found["sweep"]),
            str(found["marker"]),
            tuple(tuple(map(str, group)) for group in found["choices"]),
            int(found["runs_per_gpu"]),
            None if found["most_runs"] is None else int(found["most_runs"]),
            float(found["since"]),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file in one step."""
    part = path.with_name(f"{path.name}.part")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os_files.NO_LINK, _FILE_MODE)
    with os.fdopen(fd, "wb", buffering=0) as file:
        file.write(json.dumps(content).encode())
    os_files.replace(part, path)
