"""Leases: what the runs of several sweeps hold on one machine, and which run is next."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.executors.base import NotYet, RunCommand, Slot
from ml_tracking_ops.orchestrator.executors.local.leases import Lease, LeaseClaim, Leases
from ml_tracking_ops.orchestrator.executors.local.places import SweepLeases
from ml_tracking_ops.orchestrator.supervision.process_table import process_identity


def claim(
    sweep: str = "/runs/a", gpus: str = "0", *, each: int = 1, most: int | None = None
) -> LeaseClaim:
    """A claim on one GPU out of `gpus`."""
    choices = tuple((gpu,) for gpu in gpus) or ((),)
    return LeaseClaim(sweep, "run", "MARK=nobody", choices, each, most)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own group, as a run is."""
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        yield process
        process.kill()


def given_to(lease: Lease, process: subprocess.Popen[bytes]) -> Lease:
    lease.belongs_to(process.pid, process_identity(process.pid))
    return lease


def test_gpu_that_is_taken_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    first, second = Leases(tmp_path / "leases"), Leases(tmp_path / "leases")
    held = first.take(claim("/runs/a"))
    with pytest.raises(NotYet, match=r"GPU 0 is taken by the sweep a \(runs_per_gpu 1\)"):
        second.take(claim("/runs/b"))
    held.give_back()
    assert second.take(claim("/runs/b")).gpus == ("0",)


def test_other_gpu_is_taken_where_the_first_is_not_free(tmp_path: Path) -> None:
    first, second = Leases(tmp_path / "leases"), Leases(tmp_path / "leases")
    first.take(claim("/runs/a"))
    assert second.take(claim("/runs/b", "012")).gpus == ("1",)


def test_smaller_runs_per_gpu_of_two_sweeps_holds(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    leases.take(claim("/runs/a", each=2))
    with pytest.raises(NotYet, match="runs_per_gpu 1"):
        leases.take(claim("/runs/b", each=1))
    leases.take(claim("/runs/a", each=2))
    with pytest.raises(NotYet, match="runs_per_gpu 2"):
        leases.take(claim("/runs/a", each=2))


def test_runs_of_all_sweeps_count_where_the_machine_has_a_limit(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    leases.take(claim("/runs/a", ""))
    leases.take(claim("/runs/b", "", most=2))
    with pytest.raises(NotYet, match=r"2 runs of .*\(max_runs_on_machine 2\)"):
        leases.take(claim("/runs/b", "", most=2))
    leases.take(claim("/runs/a", ""))  # it asks for no limit


def test_oldest_ticket_comes_first(tmp_path: Path) -> None:
    first, second, third = (Leases(tmp_path / "leases") for _ in range(3))
    held = first.take(claim("/runs/a"))
    for one, name in ((second, "/runs/b"), (third, "/runs/c")):
        with pytest.raises(NotYet):
            one.take(claim(name))
    held.give_back()
    for one, name in ((third, "/runs/c"), (first, "/runs/a")):
        with pytest.raises(NotYet, match="GPU 0 goes first to the sweep b"):
            one.take(claim(name))
    second.take(claim("/runs/b")).give_back()
    third.take(claim("/runs/c")).give_back()
    assert first.take(claim("/runs/a")).gpus == ("0",)


def test_sweep_that_no_longer_waits_blocks_no_other(tmp_path: Path) -> None:
    first, second = Leases(tmp_path / "leases"), Leases(tmp_path / "leases")
    held = first.take(claim())
    with pytest.raises(NotYet):
        second.take(claim("/runs/b"))
    second.stop_waiting()
    held.give_back()
    assert first.take(claim()).gpus == ("0",)


def test_expired_ticket_blocks_no_run(tmp_path: Path) -> None:
    first, second = Leases(tmp_path / "leases"), Leases(tmp_path / "leases")
    held = first.take(claim())
    with pytest.raises(NotYet):
        second.take(claim("/runs/b"))
    (ticket,) = (tmp_path / "leases").glob("*.ticket")
    os.utime(ticket, (0, 0))
    held.give_back()
    assert first.take(claim()).gpus == ("0",)


def test_lease_ends_with_its_run_and_not_before(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    leases = Leases(tmp_path / "leases")
    given_to(leases.take(claim()), sleeper)
    with pytest.raises(NotYet):
        leases.take(claim("/runs/b"))
    sleeper.kill()
    sleeper.wait(60)
    assert leases.take(claim("/runs/b")).gpus == ("0",)


def test_run_without_requirements_is_counted_but_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases = Leases(tmp_path / "leases")
    leases.take(claim("/runs/a", ""))
    monkeypatch.setattr(Leases, "_held", None)  # would be called
    held = leases.take(claim("/runs/a", ""))
    assert len(list((tmp_path / "leases").glob("*.lease"))) == 2
    held.give_back()
    assert len(list((tmp_path / "leases").glob("*.lease"))) == 1


COUNTED = """
import subprocess, sys
from pathlib import Path
from ml_tracking_ops.orchestrator.executors.local.leases import LeaseClaim, Leases
mark = f"MARK={sys.argv[2]}"
lease = Leases(Path(sys.argv[1])).take(LeaseClaim("/runs/dead", "run", mark))
run = subprocess.Popen(
    [sys.executable, "-c", "import sys; print('runs', flush=True); sys.stdin.read()"],
    env={"MARK": sys.argv[2]}, start_new_session=True,
)
lease.belongs_to(run.pid, None)
run.wait()
"""


def test_lease_of_a_counted_run_outlives_a_killed_orchestrator(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "leases"
    orchestrator = subprocess.Popen(
        [sys.executable, "-c", COUNTED, folder, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with orchestrator:
        assert orchestrator.stdout is not None
        assert orchestrator.stdout.readline() == b"runs\n"
        orchestrator.kill()
        orchestrator.wait(60)
        leases = Leases(folder)
        with pytest.raises(NotYet, match=r"1 run of the sweep dead \(max_runs_on_machine 1\)"):
            leases.take(claim("/runs/b", "", most=1))
        assert orchestrator.stdin is not None
        orchestrator.stdin.close()  # ends the run
        assert orchestrator.stdout.read() == b""
    while True:  # what ended is seen at the next look
        try:
            leases.take(claim("/runs/b", "", most=1))
        except NotYet:
            continue
        break


TAKE = """
import sys
from pathlib import Path
from ml_tracking_ops.orchestrator.executors.local.leases import LeaseClaim, Leases
Leases(Path(sys.argv[1])).take(LeaseClaim("/runs/dead", "run", "MARK=nobody", (("0",),)))
print("taken", flush=True)
sys.stdin.read()
"""


def test_lease_of_an_orchestrator_that_was_killed_before_its_run_began_is_free(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "leases"
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        leases = Leases(folder)
        with pytest.raises(NotYet, match="the sweep dead"):
            leases.take(claim())
        process.kill()
    assert leases.take(claim()).gpus == ("0",)


def test_foreign_files_among_leases_are_removed(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    (tmp_path / "leases" / "x.lease").write_text('{"pid": "none"}')
    leases.take(claim())
    assert not (tmp_path / "leases" / "x.lease").exists()


def test_folder_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    shutil.rmtree(tmp_path / "leases")
    leases.take(claim())
    assert len(list((tmp_path / "leases").glob("*.lease"))) == 1


def test_run_starts_where_no_lease_can_be_written(tmp_path: Path) -> None:
    places = SweepLeases((("0",),), 1, None, tmp_path / "leases")
    shutil.rmtree(tmp_path / "leases")
    (tmp_path / "leases").write_text("in the way")
    command = RunCommand(("true",), tmp_path, {}, tmp_path / "run.log")
    assert places.take(command, Slot(0, gpus=("0",)), 1, may_move=True) == (("0",), None)


def test_folder_that_others_can_write_in_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "leases"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(PermissionError, match="can be changed by other users"):
        Leases(folder)


def test_folder_and_files_are_the_users_alone(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    leases.take(claim())
    assert (tmp_path / "leases").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "leases").iterdir())
