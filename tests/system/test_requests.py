"""What users ask of a running sweep: real sweeps, real commands."""

import contextlib
import io
import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sweeps import (
    choice,
    processes_with,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.orchestrator import resume, run_sweep
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.errors import SweepError
from ml_tracking_ops.orchestrator.steering.asking import send_request
from ml_tracking_ops.orchestrator.steering.requests import new_request, read_requests, submit
from ml_tracking_ops.orchestrator.store.journal import Journal, JournalTail


@dataclass
class CommandOutput:
    returncode: int
    stdout: str
    stderr: str


class RunningSweep:
    """A sweep whose runs wait, each at a gate of its own."""

    def __init__(self, folder: Path, *arguments: str, **changes: object) -> None:
        self.cwd = folder
        self.gates = folder / "gates"
        self.gates.mkdir(exist_ok=True)
        write_config(
            folder,
            "waits_twice.py",
            hyperparameters={"gates": choice(str(self.gates))},
            seed=1,
            **changes,
        )
        self.start("sweep", *arguments)

    def start(self, *arguments: str | Path) -> None:
        self.process: subprocess.Popen[str] = start_command(*arguments, folder=self.cwd)

    @property
    def folder(self) -> Path:
        return sweep_folder(self.cwd / "runs")

    def open(self, *runs: int) -> None:
        """Let runs end."""
        for run in runs:
            (self.gates / f"{run:04d}").touch()

    def states(self) -> dict[int, str]:
        if not list((self.cwd / "runs").glob("*/journal.jsonl")):
            return {}
        return {index: run.state for index, run in state_of(self.folder).runs.items()}

    def wait_for(self, **states: str) -> None:
        """`wait_for(_1="running")`: wait until run 1 is."""
        wanted = {int(name[1:]): state for name, state in states.items()}
        wait_until(lambda: wanted.items() <= self.states().items(), f"{wanted}")

    def command(self, *arguments: str | Path) -> "CommandOutput":
        """Run a command in this process, which is all that sets it apart from a user's."""
        with (
            contextlib.chdir(self.cwd),
            contextlib.redirect_stdout(io.StringIO()) as stdout,
            contextlib.redirect_stderr(io.StringIO()) as stderr,
        ):
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as error:
                code = int(str(error.code))
        return CommandOutput(code, stdout.getvalue(), stderr.getvalue())

    def outcomes(self) -> list[tuple[str, str]]:
        events = JournalTail(self.folder / "journal.jsonl").read()
        return [(e.get("action"), e["outcome"]) for e in events if e["event"] == "requested"]


@pytest.fixture
def cwd(tmp_path: Path) -> Iterator[Path]:
    """When the test is over nothing runs."""
    yield tmp_path
    for run in range(1, 20):
        (tmp_path / "gates").mkdir(exist_ok=True)
        (tmp_path / "gates" / f"{run:04d}").touch()
    wait_until(lambda: not processes_with(str(tmp_path)), "the processes to end")


def test_paused_sweep_starts_nothing_new_until_it_continues(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "1", max_runs=2)
    sweep.wait_for(_1="running")
    done = sweep.command("pause", sweep.folder)
    assert done.returncode == 0, done.stderr
    assert "no new ones start" in done.stdout
    again = sweep.command("pause", sweep.folder)
    assert (again.returncode, "already paused" in again.stderr) == (1, True)
    assert "paused" in sweep.command("list").stdout
    assert json.loads(sweep.command("show", sweep.folder, "--json").stdout)["is_paused"]

    sweep.open(1)
    sweep.wait_for(_1="finished")
    assert sweep.command("workers", sweep.folder, "2").returncode == 0
    assert sweep.states() == {1: "finished"}
    again = sweep.command("requeue", sweep.folder, "1")
    assert "run 1 runs again when the paused sweep continues" in again.stdout
    assert sweep.command("continue", sweep.folder).returncode == 0
    sweep.wait_for(_2="running")
    sweep.open(2)
    assert sweep.process.wait(60) == 0
    assert list(read_requests(sweep.folder)) == []


def test_run_stopped_by_hand_says_so_and_is_not_resumed_but_can_be_requeued(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "2", max_runs=3)
    sweep.wait_for(_1="running", _2="running")
    refused = sweep.command("stop", sweep.folder, "1")
    assert (refused.returncode, "--yes" in refused.stderr) == (2, True)
    assert sweep.command("stop", sweep.folder, "1", "--yes").returncode == 0
    sweep.wait_for(_1="killed", _3="running")
    run = state_of(sweep.folder).runs[1]
    assert run.reason is not None
    assert run.reason.startswith("stopped by hand (")
    sweep.open(2, 3)
    assert sweep.process.wait(60) == 0

    sweep.start("sweep", "--resume", sweep.folder)
    assert sweep.process.wait(60) == 0
    assert sweep.states()[1] == "killed"
    later = sweep.command("requeue", sweep.folder, "1")
    assert later.returncode == 0
    assert "sweep --resume" in later.stdout
    sweep.open(1)
    sweep.start("sweep", "--resume", sweep.folder)
    assert sweep.process.wait(60) == 0
    run = state_of(sweep.folder).runs[1]
    assert (run.state, run.attempt, run.best_value, len(run.previous_names)) == (
        "finished",
        2,
        0.2,
        1,
    )
    assert len(sweep.states()) == 3


def test_requeued_run_starts_again_in_a_slot_that_had_nothing_left_to_do(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "2", max_runs=2)
    sweep.wait_for(_1="running", _2="running")
    busy = sweep.command("requeue", sweep.folder, "2")
    assert (busy.returncode, "Stop it first" in busy.stderr) == (1, True)
    sweep.open(1)
    sweep.wait_for(_1="finished")
    (sweep.gates / "0001").unlink()
    assert sweep.command("requeue", sweep.folder, "1").returncode == 0
    sweep.wait_for(_1="running", _2="running")
    sweep.open(1, 2)
    assert sweep.process.wait(60) == 0
    assert state_of(sweep.folder).runs[1].attempt == 2


def test_run_that_waits_to_run_again_is_taken_back_and_left_as_it_was(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "1", max_runs=2)
    sweep.wait_for(_1="running")
    sweep.command("pause", sweep.folder)
    sweep.open(1)
    sweep.wait_for(_1="finished")
    was = state_of(sweep.folder).runs[1]
    assert sweep.command("requeue", sweep.folder, "1").returncode == 0
    assert sweep.states() == {1: "pending"}
    back = sweep.command("stop", sweep.folder, "1")  # destroys nothing: asks nothing
    assert (back.returncode, back.stdout) == (0, "run 1 is not run again: it stays finished\n")
    assert state_of(sweep.folder).runs[1] == was

    sweep.command("requeue", sweep.folder, "1")
    sweep.process.kill()  # while it waits: the resume takes in what was asked since
    sweep.process.wait(60)
    for _ in range(2):
        back = sweep.command("stop", sweep.folder, "1", "--yes")
    assert (back.returncode, "nothing to stop" in back.stderr) == (1, True)
    sweep.start("sweep", "--resume", sweep.folder)
    sweep.wait_for(_1="finished", _2="running")
    assert state_of(sweep.folder).runs[1] == was
    sweep.open(2)
    assert sweep.process.wait(60) == 0

    for action in ("requeue", "stop", "stop", "requeue", "requeue"):  # the last word counts
        done = sweep.command(action, sweep.folder, "1", *(["--yes"] if action == "stop" else []))
    assert "runs again when it is resumed" in done.stdout
    assert len(list(read_requests(sweep.folder))) == 1
    sweep.start("sweep", "--resume", sweep.folder)
    assert sweep.process.wait(60) == 0
    run = state_of(sweep.folder).runs[1]
    assert (run.state, run.attempt, run.previous_names) == ("finished", 2, [was.name])


def test_interrupted_run_that_is_requeued_while_it_waits_starts_once(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "2", max_runs=2)
    sweep.wait_for(_1="running", _2="running")
    assert sweep.command("stop", sweep.folder, "--yes").returncode == 0
    assert sweep.process.wait(60) == 130
    sweep.start("sweep", "--resume", sweep.folder, "--workers", "1")
    sweep.wait_for(_1="running", _2="killed")
    assert sweep.command("requeue", sweep.folder, "2").returncode == 0
    sweep.open(1, 2)
    assert sweep.process.wait(60) == 0
    run = state_of(sweep.folder).runs[2]
    assert (run.state, run.attempt, len(run.previous_names)) == ("finished", 2, 1)
    events = JournalTail(sweep.folder / "journal.jsonl").read()
    assert [e["attempt"] for e in events if e["event"] == "started" and e["index"] == 2] == [1, 2]


def test_paused_sweep_ends_when_its_last_waiting_run_is_taken_back(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "1", max_runs=2)
    sweep.wait_for(_1="running")
    sweep.open(1)
    sweep.wait_for(_2="running")
    sweep.command("pause", sweep.folder)
    assert sweep.command("requeue", sweep.folder, "1").returncode == 0
    sweep.open(2)
    sweep.wait_for(_1="pending", _2="finished")
    assert sweep.command("stop", sweep.folder, "1").returncode == 0
    assert sweep.process.wait(60) == 0
    assert state_of(sweep.folder).counts == {"finished": 2}


def test_number_of_workers_grows_and_shrinks_and_a_resume_keeps_it(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "1", max_runs=5)
    sweep.wait_for(_1="running")
    assert sweep.command("workers", sweep.folder, "3").returncode == 0
    sweep.wait_for(_1="running", _2="running", _3="running")
    assert {state_of(sweep.folder).runs[n].slot for n in (1, 2, 3)} == {0, 1, 2}
    fewer = sweep.command("workers", sweep.folder, "2")
    assert "1 of the running runs is not replaced" in fewer.stdout
    sweep.open(1, 2, 3)
    sweep.wait_for(_1="finished", _2="finished", _3="finished", _4="running", _5="running")
    assert {state_of(sweep.folder).runs[n].slot for n in (4, 5)} == {0, 1}
    assert sweep.command("stop", sweep.folder, "--yes").returncode == 0
    assert sweep.process.wait(60) == 130
    record = state_of(sweep.folder)
    assert (record.state, record.counts) == ("killed", {"finished": 3, "killed": 2})
    assert record.reason is not None
    assert "stopped by hand" in record.reason

    sweep.open(4, 5)
    sweep.start("sweep", "--resume", sweep.folder)
    assert sweep.process.wait(60) == 0
    assert (state_of(sweep.folder).n_workers, set(sweep.states().values())) == (2, {"finished"})


def test_requests_survive_a_killed_orchestrator_and_are_carried_out_once(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "2", max_runs=2)
    sweep.wait_for(_1="running", _2="running")
    sweep.process.kill()
    sweep.process.wait(60)
    nobody = sweep.command("stop", sweep.folder, "2", "--yes")
    assert (nobody.returncode, "this sweep is not running" in nobody.stderr) == (1, True)

    # what an asker wrote in the moment of the crash
    submit(sweep.folder, stop := new_request("stop", "me", index=2))
    submit(sweep.folder, new_request("pause", "me"))
    (sweep.folder / "requests" / f"{time.time_ns():020d}-0123abcd.json").write_text("{")
    sweep.start("sweep", "--resume", sweep.folder)
    sweep.wait_for(_2="killed")
    assert sweep.outcomes() == [("stop", "done"), ("pause", "refused"), (None, "refused")]
    submit(sweep.folder, stop)  # a crash between the journal and the removal
    wait_until(lambda: not list(read_requests(sweep.folder)), "the request to be taken in")
    sweep.open(1)
    assert sweep.process.wait(60) == 0
    assert len(sweep.outcomes()) == 3
    assert sweep.states() == {1: "finished", 2: "killed"}


def test_impossible_request_is_refused_with_an_explanation(cwd: Path) -> None:
    sweep = RunningSweep(cwd, "--workers", "1", max_runs=1)
    sweep.wait_for(_1="running")
    sweep.open(1)
    assert sweep.process.wait(60) == 0
    folder = sweep.folder
    for arguments, code, output in [
        (("pause", folder), 1, "it is finished, so no new runs start"),
        (("continue", folder), 1, "sweep --resume"),
        (("stop", folder, "--yes"), 1, "There is nothing to stop"),
        (("workers", folder, "3"), 1, "--workers 3"),
        (("workers", folder, "0"), 2, "1 or more"),
        (("requeue", folder), 2, "name the runs"),
        (("requeue", folder, "9"), 2, "has no run 9"),
        (("pause", "nowhere"), 2, "no experiment, sweep or run of this name"),
    ]:
        done = sweep.command(*map(str, arguments))
        assert (done.returncode, output in done.stderr) == (code, True), (arguments, done.stderr)
    assert not (folder / "requests").exists()


def test_request_reports_an_orchestrator_that_is_silent_or_gone(tmp_path: Path) -> None:
    folder = tmp_path / "sweep"
    folder.mkdir()
    (folder / "experiment_description.json").write_text('{"config": {}, "seed": 1}')
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=1, host="there")
    silent = send_request(folder, new_request("pause", "me"), wait_s=0.05)
    assert (silent.outcome, "process 1 on there" in silent.message) == ("unanswered", True)
    ((path, request),) = read_requests(folder)
    assert (request.action if request else None) == "pause"
    path.unlink()

    asked = new_request("stop", "me")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(send_request, folder, asked, 60)
        wait_until(lambda: list(read_requests(folder)), "the request")
        journal.append("sweep_ended", state="killed")
        journal.close()
        gone = answer.result(60)
    assert (gone.outcome, "it is killed" in gone.message) == ("refused", True)
    assert not list(read_requests(folder))  # taken back, so that it has no effect later

    (folder / "requests").rmdir()
    (folder / "requests").touch()
    with pytest.raises(SweepError, match="the request cannot be written"):
        submit(folder, asked)


def test_failed_runs_run_again_all_at_once(cwd: Path) -> None:
    counter = cwd / "counter"
    write_config(
        cwd,
        "flaky.py",
        max_runs=2,
        hyperparameters={"counter": choice(str(counter)), "succeeds_at": choice(3)},
    )
    done = run_sweep(cwd / "experiment_cfg.json", logdir=cwd / "runs", workers=1)
    failed = [run.index for run in done.runs if run.state == "failed"]
    assert failed
    assert main(["requeue", str(done.folder), "--failed"]) == 0
    again = resume(done.folder, workers=1)
    assert again.record.counts.get("failed", 0) < len(failed)
    assert {run.attempt for run in again.runs if run.index in failed} == {2}
