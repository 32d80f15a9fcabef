"""Several processes, threads and copies that write to one log."""

import copy
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from training_scripts import finish, run_script, steps
from waiting import read_line

from ml_tracking_ops.logger import ExperimentLogger, read_log
from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.records import RECORD_SIZE


@pytest.mark.parametrize(
    "call",
    [
        'add_scalar("loss", step / 7, step)',
        'add_scalars({"first": 0.5, "loss": step / 7}, step)',  # one write for both
    ],
)
def test_everything_acknowledged_survives_kill_9(run_file: Path, call: str) -> None:
    process = run_script(f"""
        logger = ExperimentLogger()
        step = 0
        while True:
            logger.{call}
            os.write(1, b"%d\\n" % step)
            step += 1
    """)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) == 3000:
            break
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()  # also what was read ahead, which `communicate` would lose
    finish(process, -signal.SIGKILL)
    last = max([3000, *(int(line) for line in rest.splitlines(keepends=True) if "\n" in line)])
    log = read_log(run_file)
    assert log.n_skipped == 0
    assert last <= log["loss"].step[-1] <= last + 1
    assert steps(log) == list(range(len(log["loss"])))
    assert log["loss"].value.tolist() == [step / 7 for step in steps(log)]


def test_processes_that_make_the_same_file_at_once_lose_nothing(run_file: Path) -> None:
    script = """
        rank = int(sys.argv[1])
        print("ready", flush=True)
        sys.stdin.readline()
        with ExperimentLogger() as logger:
            for step in range(500):
                logger.add_scalar(f"loss_{rank % 2}", rank, step)
                logger.add_scalar("shared", rank, step)
            print("logged", flush=True)
            sys.stdin.readline()  # who opens a log that was closed begins a new history
    """
    processes = [run_script(script, str(rank)) for rank in range(6)]
    for word in ("ready", "logged"):
        for process in processes:
            assert read_line(process) == f"{word}\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go on\n")
            process.stdin.flush()
    for process in processes:
        finish(process)
    log = read_log(run_file)
    assert log.n_skipped == 0
    assert log.created_at is not None
    assert {name: len(log[name]) for name in log} == {
        "loss_0": 1500,
        "loss_1": 1500,
        "shared": 3000,
    }
    for rank in range(6):
        assert log["shared"].step[log["shared"].value == rank].tolist() == list(range(500))
    assert os.listdir(run_file.parent) == ["run.dat"]


def test_forked_children_may_log(run_file: Path) -> None:
    finish(
        run_script("""
            logger = ExperimentLogger()
            logger.add_scalar("loss", 0.0, 0)
            children = []
            for rank in range(4):
                child = os.fork()
                if child == 0:
                    for step in range(200):
                        logger.add_scalar("loss", rank, step)
                        logger.add_scalar(f"new_in_{rank}", rank, step)
                    sys.exit(0)  # runs the exit hooks, which must not end the run
                children.append(child)
            for child in children:
                assert os.waitpid(child, 0)[1] == 0
            logger.add_scalar("after", 1.0, 0)
        """)
    )
    log = read_log(run_file)
    assert log.n_skipped == 0
    assert len(log["loss"]) == 801
    assert [len(log[f"new_in_{rank}"]) for rank in range(4)] == [200] * 4
    assert log.is_closed
    ends = (run_file.stat().st_size // RECORD_SIZE) - 1 - 801 - 800 - 1 - 6
    assert ends == 1


def test_threads_may_share_a_logger(run_file: Path) -> None:
    with ExperimentLogger() as logger:

        def work(rank: int) -> None:
            for step in range(500):
                logger.add_scalars({f"own_{rank}": step, "shared": rank}, step)

        threads = [threading.Thread(target=work, args=(rank,)) for rank in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    log = read_log(run_file)
    assert log.n_skipped == 0
    assert len(log["shared"]) == 4000
    assert all(steps(log, f"own_{rank}") == list(range(500)) for rank in range(8))


def test_logger_travels_to_a_spawned_process(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent("""
            import multiprocessing, sys
            from ml_tracking_ops.experiment.logger import ExperimentLogger

            def work(logger, rank):
                logger.add_scalar("loss", rank, rank)
                logger.close()

            if __name__ == "__main__":
                logger = ExperimentLogger(sys.argv[1])
                context = multiprocessing.get_context("spawn")
                children = [context.Process(target=work, args=(logger, rank)) for rank in range(2)]
                for child in children:
                    child.start()
                for child in children:
                    child.join()
                    assert child.exitcode == 0
                logger.add_scalar("after", 1.0, 0)
        """)
    )
    subprocess.run([sys.executable, script, tmp_path / "runs"], check=True, timeout=60)
    (folder,) = (tmp_path / "runs").iterdir()
    log = read_log(folder)
    assert sorted(steps(log)) == [0, 1]
    assert list(log) == ["loss", "after"]
    assert log.is_closed
    assert log.n_skipped == 0


def test_copy_writes_to_the_same_file_and_does_not_end_the_run(run_file: Path) -> None:
    logger = ExperimentLogger()
    twin = copy.deepcopy(logger)
    twin.add_scalar("loss", 1.0, 1)
    twin.close()
    assert not read_log(run_file).is_closed
    logger.add_scalar("loss", 1.0, 2)
    logger.close()
    assert steps(read_log(run_file)) == [1, 2]
    closed_twin = copy.copy(logger)
    with pytest.raises(ValueError, match="closed"):
        closed_twin.add_scalar("loss", 1.0, 3)


def test_open_logger_holds_a_lock_that_kill_9_releases(run_file: Path) -> None:
    process = run_script("""
        logger = ExperimentLogger()
        print("ready", flush=True)
        sys.stdin.readline()
    """)
    assert read_line(process) == "ready\n"
    assert is_held(run_file) is True
    process.send_signal(signal.SIGKILL)
    finish(process, -signal.SIGKILL)
    assert is_held(run_file) is False
