"""The writing side: real files, real processes."""

import copy
import math
import os
import pickle
import re
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from waiting import read_line

from ml_tracking_ops.logger import ExperimentLogger, RunLog, read_log
from ml_tracking_ops.logger.locks import is_held
from ml_tracking_ops.logger.reading.reader import read_ending
from ml_tracking_ops.logger.records import RECORD_SIZE
from ml_tracking_ops.logger.writing import arguments, metric_names

RUN_FILE = "ML_TRACKING_OPS_RUN_FILE"


@pytest.fixture
def run_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.dat` that a sweep has chosen for this process."""
    path = tmp_path / "run.dat"
    monkeypatch.setenv(RUN_FILE, str(path))
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the clock go on by two seconds, after which a logger looks at its file again."""
    now = time.time
    ahead_s = [0.0]
    monkeypatch.setattr(time, "time", lambda: now() + ahead_s[0])

    def go_on() -> None:
        ahead_s[0] += 2.0

    return go_on


def run_script(
    script: str, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """A real training process, with `logger` at hand."""
    source = "from ml_tracking_ops.experiment.logger import ExperimentLogger\nimport os, sys\n"
    return subprocess.Popen(
        [sys.executable, *options, "-c", source + textwrap.dedent(script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], returncode: int = 0) -> tuple[str, str]:
    output, errors = process.communicate(timeout=60)
    assert process.returncode == returncode, errors
    return output, errors


def steps(log: RunLog, name: str = "loss") -> list[int]:
    return [int(step) for step in log[name].step]


# --- where it writes ---------------------------------------------------------------------------


def test_run_by_hand_gets_a_folder_named_after_the_time(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path / "runs") as logger:
        logger.add_scalar("Loss", 0.5, 0)
    folder = Path(logger.folder)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", folder.name)
    assert folder.parent == tmp_path / "runs"
    assert sorted(os.listdir(folder)) == [f"{folder.name}.dat", f"{folder.name}.run.json"]
    assert Path(logger.path) == folder / f"{folder.name}.dat"
    assert read_log(folder)["Loss"].value.tolist() == [0.5]


def test_loggers_of_the_same_second_get_folders_of_their_own(tmp_path: Path) -> None:
    loggers = [ExperimentLogger(str(tmp_path)) for _ in range(5)]
    assert len({logger.folder for logger in loggers}) == 5
    for logger in loggers:
        logger.close()


def test_arguments_of_the_original_tool_are_accepted(tmp_path: Path) -> None:
    with ExperimentLogger(logdir=tmp_path, max_events=10, log_interval=5) as logger:
        logger.add_scalar("Loss", 1, 0)
        assert read_log(logger.path)["Loss"].value.tolist() == [1.0]


def test_run_of_a_sweep_appends_to_the_file_that_was_chosen(tmp_path: Path, run_file: Path) -> None:
    for step in range(2):
        with ExperimentLogger(tmp_path / "ignored") as logger:
            logger.add_scalar("loss", 0.5, step)
    assert Path(logger.path) == run_file
    assert steps(read_log(run_file)) == [0, 1]
    assert os.listdir(tmp_path) == ["run.dat"]


def test_script_may_change_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with ExperimentLogger("runs") as logger:
        monkeypatch.chdir("/")
        logger.add_scalar("loss", 0.5, 0)
        again = pickle.loads(pickle.dumps(logger))
        again.add_scalar("loss", 0.5, 1)
        again.close()
    assert steps(read_log(logger.path)) == [0, 1]


@pytest.mark.parametrize("logdir", [None, 5, ["runs"]])
def test_logdir_that_is_no_path_is_refused(logdir: object) -> None:
    with pytest.raises(TypeError):
        ExperimentLogger(logdir)  # type: ignore[arg-type]


# --- what it writes ----------------------------------------------------------------------------


def test_a_value_costs_one_system_call_and_32_bytes(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalars({"loss": 1.0, "accuracy": 0.5}, 0)
        size_bytes = run_file.stat().st_size
        sizes = []
        write = os.write

        def counted_write(fd: int, data: bytes) -> int:
            sizes.append(len(data))
            return write(fd, data)

        monkeypatch.setattr(os, "write", counted_write)
        for step in range(1, 101):
            logger.add_scalars({"loss": 1.0, "accuracy": np.float32(0.5)}, step)
        monkeypatch.undo()
        assert sizes == [2 * RECORD_SIZE] * 100  # one system call for all metrics of a step
        assert run_file.stat().st_size == size_bytes + 200 * RECORD_SIZE


def test_a_value_can_be_read_as_soon_as_it_is_logged(run_file: Path) -> None:
    with ExperimentLogger() as logger:
        for step in range(10):
            before = time.time()
            logger.add_scalar("loss", step / 10, step)
            series = read_log(run_file)["loss"]
            assert (series.step[-1], series.value[-1]) == (step, step / 10)
            assert before <= series.wall_time[-1] <= time.time()


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        3,
        True,
        -0.0,
        math.inf,
        -math.inf,
        Fraction(1, 3),
        Decimal("0.1"),
        np.float64(0.1),
        np.float32(0.1),
        np.float16(0.1),
        np.int8(-3),
        np.uint64(2**64 - 1),
        np.bool_(True),
        np.array(0.1),
        np.array(7, np.int32),
        5e-324,
        1.7976931348623157e308,
    ],
)
def test_any_real_number_is_kept(run_file: Path, value: float) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", value, 1)
    found = read_log(run_file)["loss"].value[0]
    assert found == float(value)
    assert math.copysign(1, found) == math.copysign(1, float(value))


def test_nan_is_kept(run_file: Path) -> None:
    with ExperimentLogger() as logger:
        for value in (math.nan, np.float32("nan"), Decimal("nan")):
            logger.add_scalar("loss", value, 1)
    assert np.isnan(read_log(run_file)["loss"].value).tolist() == [True] * 3


def test_tensor_of_a_gradient_is_detached_first(run_file: Path) -> None:
    class Tensor:
        ndim = 0
        dtype = "torch.float32"

        def __float__(self) -> float:
            raise AssertionError("torch warns here")

        def detach(self) -> float:
            return 0.25

    with ExperimentLogger() as logger:
        logger.add_scalar("loss", Tensor(), 1)
    assert read_log(run_file)["loss"].value.tolist() == [0.25]


@pytest.mark.parametrize(
    "step", [0, -(2**63), 2**63 - 1, True, np.int16(5), np.uint8(5), np.array(5)]
)
def test_any_integer_step_is_kept(run_file: Path, step: int) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, step)
        logger.add_scalar("loss", 1.0, step)
    assert steps(read_log(run_file)) == [int(step)] * 2


@pytest.mark.parametrize(
    "name", ["a", "Ünïcödé 🎉", "with\nnewline", "<b>bold</b>", "nul\0", " ", "x" * 65535]
)
def test_any_name_is_kept(run_file: Path, name: str) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar(name, 1.0, 1)
    assert list(read_log(run_file)) == [name]


def test_names_whose_ids_collide_stay_apart(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_names, "metric_id", lambda name: 2**40 - 1)
    with ExperimentLogger() as logger:
        for index, name in enumerate(("a", "b", "c", "a")):
            logger.add_scalar(name, index, 0)
    log = read_log(run_file)
    assert {name: log[name].value.tolist() for name in log} == {"a": [0, 3], "b": [1], "c": [2]}
    assert log.n_skipped == 0


# --- what it refuses ---------------------------------------------------------------------------

WRONG = [
    ("", 1.0, 1, ValueError, "must not be empty"),
    (None, 1.0, 1, TypeError, r"must be a string, not None \(NoneType\); the order is add_scalar"),
    (3, 1.0, 1, TypeError, r"must be a string, not 3 \(int\)"),
    (["loss"], 1.0, 1, TypeError, "must be a string"),
    ("a\ud800", 1.0, 1, ValueError, "lone surrogate at position 1"),
    ("é" * 32768, 1.0, 1, ValueError, "up to 65535 bytes .* takes 65536; shorten it"),
    ("loss", "0.5", 1, TypeError, r"metric 'loss' .* not '0.5' \(str\); .*float\(value\)"),
    ("loss", b"0.5", 1, TypeError, "one real number"),
    ("loss", None, 1, TypeError, "no value yet"),
    ("loss", 1j, 1, TypeError, "its modulus"),
    ("loss", np.complex64(1), 1, TypeError, "its modulus"),
    ("loss", [0.5], 1, TypeError, "one real number"),
    ("loss", np.array([0.5, 1.0]), 1, TypeError, r"value\.mean\(\)"),
    ("loss", np.array([]), 1, TypeError, r"value\.mean\(\)"),
    ("loss", np.zeros((2, 2)), 1, TypeError, r"value\.mean\(\)"),
    ("loss", np.datetime64("2026-01-01"), 1, TypeError, "one real number"),
    ("loss", np.str_("0.5"), 1, TypeError, "one real number"),
    ("loss", 10**400, 1, ValueError, "an integer of 1329 bits .* too large|too large for a float"),
    ("loss", Decimal("snan"), 1, TypeError, "does not become one"),
    ("loss", object(), 1, TypeError, "one real number"),
    (
        "loss",
        1.0,
        1.5,
        TypeError,
        r"metric 'loss' must be a whole number, not 1.5 \(float\); .*int\(",
    ),
    ("loss", 1.0, np.float32(2.5), TypeError, "as in 2"),
    ("loss", 1.0, math.nan, TypeError, "must be a whole number"),
    ("loss", 1.0, math.inf, TypeError, "must be a whole number"),
    ("loss", 1.0, 1j, TypeError, "must be a whole number"),
    ("loss", 1.0, 1e30, ValueError, "fit into 64 bits"),
    ("loss", 1.0, "1", TypeError, "count steps as an int"),
    ("loss", 1.0, None, TypeError, "count steps as an int"),
    ("loss", 1.0, np.array([1, 2]), TypeError, "must be a whole number"),
    ("loss", 1.0, 2**63, ValueError, "fit into 64 bits .* 9223372036854775808"),
    ("loss", 1.0, -(2**63) - 1, ValueError, "fit into 64 bits"),
]


@pytest.mark.parametrize(
    "step", [4096, 4096.0, np.float32(4096), np.int64(4096), np.array([4096]), np.array([[4096.0]])]
)
@pytest.mark.parametrize("value", [15.0, np.array([15.0]), np.array([[15]], dtype="f4")])
def test_whole_float_is_a_step_and_an_array_of_one_element_a_value(
    run_file: Path, value: float, step: int
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("a", value, step)
        logger.add_scalars({"b": value, "c": 1}, step)
    log = read_log(run_file)
    assert {name: (s.step.tolist(), s.value.tolist()) for name, s in log.items()} == {
        "a": ([4096], [15.0]),
        "b": ([4096], [15.0]),
        "c": ([4096], [1.0]),
    }


def test_tilde_in_a_log_folder_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with ExperimentLogger(logdir="~/runs") as logger:
        logger.add_scalar("loss", 1.0, 0)
    assert Path(logger.path).parents[1] == tmp_path / "runs"
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(("name", "value", "step", "kind", "message"), WRONG)
def test_wrong_argument_is_refused_and_named(
    run_file: Path, name: str, value: float, step: int, kind: type[Exception], message: str
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 0.0, 0)
        for _ in range(2):
            with pytest.raises(kind, match=message) as caught:
                logger.add_scalar(name, value, step)
            assert "During handling" not in "".join(traceback.format_exception(caught.value))
        assert logger.n_dropped == 0
    log = read_log(run_file)
    assert list(log) == ["loss"]
    assert len(log["loss"]) == 1


def test_foreign_object_with_a_broken_repr_is_refused_all_the_same(run_file: Path) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    with ExperimentLogger() as logger, pytest.raises(TypeError, match="an object without a repr"):
        logger.add_scalar("loss", Broken(), 1)  # type: ignore[arg-type]


def test_long_argument_is_cut_in_the_message(run_file: Path) -> None:
    with ExperimentLogger() as logger, pytest.raises(TypeError) as caught:
        logger.add_scalar("loss", "x" * 10_000, 1)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 300


def test_add_scalars_refuses_what_is_no_dict(run_file: Path) -> None:
    with ExperimentLogger() as logger, pytest.raises(TypeError, match=r"takes a dict .* not list"):
        logger.add_scalars([("loss", 1.0)], 1)  # type: ignore[arg-type]


def test_checked_step_of_a_size_that_has_no_int_gives_a_plain_example() -> None:
    with pytest.raises(TypeError, match=r"as in 1"):
        arguments.checked_step("loss", math.inf)  # type: ignore[arg-type]


# --- how it ends -------------------------------------------------------------------------------


def test_closed_logger_refuses_values_and_closes_twice(run_file: Path) -> None:
    logger = ExperimentLogger()
    logger.add_scalar("loss", 1.0, 1)
    logger.close()
    logger.close()
    with pytest.raises(ValueError, match=r"closed, so 'loss' cannot be logged .*run\.dat"):
        logger.add_scalar("loss", 1.0, 2)
    assert "closed" in repr(logger)
    log = read_log(run_file)
    assert (log.is_closed, log.ended_with_error, len(log["loss"])) == (True, False, 1)


def test_block_left_by_an_exception_is_marked(run_file: Path) -> None:
    with pytest.raises(ZeroDivisionError), ExperimentLogger() as logger:
        logger.add_scalar("loss", 1 / 0, 1)
    assert read_ending(run_file).ended_with_error


@pytest.mark.parametrize(("code", "is_error"), [(0, False), (None, False), (3, True), ("no", True)])
def test_block_left_by_exit_is_marked_by_its_code(
    run_file: Path, code: int | str | None, is_error: bool
) -> None:
    with pytest.raises(SystemExit), ExperimentLogger():
        sys.exit(code)
    assert read_ending(run_file).ended_with_error is is_error


@pytest.mark.parametrize(
    ("ending", "returncode", "is_closed", "with_error"),
    [
        ("pass", 0, True, False),
        ("sys.exit(0)", 0, True, False),
        ("raise RuntimeError", 1, True, True),
        ("os._exit(0)", 0, False, False),
        ("os.kill(os.getpid(), 9)", -9, False, False),
        ("logger = None; os._exit(0)", 0, True, False),
    ],
)
def test_process_that_does_not_close_leaves_what_happened(
    run_file: Path, ending: str, returncode: int, is_closed: bool, with_error: bool
) -> None:
    script = f"logger = ExperimentLogger()\nlogger.add_scalar('loss', 1.0, 1)\n{ending}"
    finish(run_script(script), returncode)
    found = read_ending(run_file)
    assert (found.is_closed, found.ended_with_error) == (is_closed, with_error)
    assert is_held(run_file) is False


def test_no_descriptor_is_left_open(run_file: Path, no_leaks: None) -> None:
    for _ in range(3):
        logger = ExperimentLogger()
        logger.add_scalar("loss", 1.0, 1)
    logger.close()
    del logger
    assert len(read_log(run_file)["loss"]) == 3


# --- many writers ------------------------------------------------------------------------------


def test_everything_acknowledged_survives_kill_9(run_file: Path) -> None:
    process = run_script("""
        logger = ExperimentLogger()
        step = 0
        while True:
            logger.add_scalar("loss", step / 7, step)
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


def test_open_logger_holds_its_file_and_lets_go_on_kill_9(run_file: Path) -> None:
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


# --- what is not the caller's mistake ----------------------------------------------------------


class SmallDisk:
    """A folder whose disk can be filled and freed again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, n_bytes_left: int) -> None:
        """No file of the folder can grow by more than so many bytes."""
        raise NotImplementedError

    def free(self) -> None:
        """Make room again."""
        raise NotImplementedError


class LimitedDisk(SmallDisk):
    """By this process's own limit on the size of files."""

    def fill(self, n_bytes_left: int) -> None:
        size_bytes = max(path.stat().st_size for path in self.folder.rglob("*.dat"))
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes + n_bytes_left, hard))

    def free(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


class RealSmallDisk(SmallDisk):
    """A file system of 256 kB, really full: it can be cut at whole pages only."""

    def fill(self, n_bytes_left: int) -> None:
        with (self.folder / "ballast").open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                return

    def free(self) -> None:
        (self.folder / "ballast").unlink()


@pytest.fixture(params=["limit", "real"])
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SmallDisk]:
    """Where this machine lets nobody mount a file system, both are the limit."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    is_mounted = (
        request.param == "real"
        and subprocess.run(mount, capture_output=True, timeout=60).returncode == 0
    )
    disk = RealSmallDisk(tmp_path) if is_mounted else LimitedDisk(tmp_path)
    try:
        yield disk
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(tmp_path)], check=True, timeout=60)
        else:
            disk.free()


def fill_up(logger: ExperimentLogger, first_step: int) -> int:
    """Log until a value is dropped, and some more; the step after them."""
    step = first_step
    while logger.n_dropped < 10:
        logger.add_scalar("loss", step, step)
        step += 1
    return step


def test_full_disk_costs_only_what_did_not_fit(
    small_disk: SmallDisk, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = ExperimentLogger(small_disk.folder)
    for step in range(100):
        logger.add_scalar("loss", step, step)
    small_disk.fill(n_bytes_left=7 * RECORD_SIZE + 5)
    try:
        after = fill_up(logger, 100)
        logger.add_scalar("another", 1.0, 1)
    finally:
        small_disk.free()
    for step in range(after, after + 100):
        logger.add_scalar("loss", step, step)
    logger.close()
    log = read_log(logger.path)
    n_torn = log.n_skipped
    assert n_torn <= 1
    assert steps(log) == [*range(after - 10), *range(after, after + 100)]
    assert logger.n_dropped == 11
    assert log.is_closed
    first, last = capfd.readouterr().err.splitlines()
    assert "training goes on" in first
    assert logger.path in first
    assert "11 values could not be written" in last


def test_full_disk_at_the_start_is_no_end(
    small_disk: SmallDisk, capfd: pytest.CaptureFixture[str]
) -> None:
    ExperimentLogger(small_disk.folder).close()
    small_disk.fill(n_bytes_left=-64)
    try:
        logger = ExperimentLogger(small_disk.folder)
        logger.add_scalar("loss", 1.0, 1)
        assert logger.n_dropped == 1
    finally:
        small_disk.free()
    logger.add_scalar("loss", 1.0, 2)
    logger.close()
    assert steps(read_log(logger.path)) == [2]
    assert "1 value could not be written" in capfd.readouterr().err


def test_short_write_is_completed(run_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:13]))
        logger.add_scalar("loss", 1.0, 2)
        logger.add_scalar("a name that takes more than one part", 1.0, 2)
        monkeypatch.undo()
        logger.add_scalar("loss", 1.0, 3)
    log = read_log(run_file)
    assert steps(log) == [1, 2, 3]
    assert len(log) == 2
    assert log.n_skipped == 0


@pytest.mark.parametrize("size_bytes", [1, 31, 33, 95])
def test_file_of_an_odd_size_is_padded_before_the_next_value(
    run_file: Path, size_bytes: int
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    os.truncate(run_file, size_bytes)
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 2)
    log = read_log(run_file)
    assert steps(log) == [2]
    assert run_file.stat().st_size % RECORD_SIZE == 0


def test_empty_file_gets_its_header(run_file: Path) -> None:
    run_file.touch()
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    log = read_log(run_file)
    assert log.created_at is not None
    assert (steps(log), log.n_skipped) == ([1], 0)


def test_file_made_odd_by_another_writer_is_mended_within_a_second(
    run_file: Path, later: Callable[[], None]
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
        with run_file.open("ab") as other:
            other.write(b"half a rec")
        later()
        logger.add_scalar("loss", 1.0, 2)  # stands where no reader looks; the file is looked at now
        logger.add_scalar("loss", 1.0, 3)
    assert steps(read_log(run_file)) == [1, 3]


def test_deleted_file_is_told_and_made_anew(
    run_file: Path, later: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalars({"loss": 1.0, "accuracy": 1.0}, 1)
        run_file.unlink()
        later()
        logger.add_scalar("loss", 1.0, 2)  # goes with the old file; the file is looked at now
        logger.add_scalars({"loss": 1.0, "accuracy": 1.0}, 3)
    log = read_log(run_file)
    assert {name: steps(log, name) for name in log} == {"loss": [3], "accuracy": [3]}
    assert log.is_closed
    assert "was deleted or replaced" in capsys.readouterr().err


def test_deleted_folder_is_told_once_and_does_not_come_back(
    tmp_path: Path, later: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    logger = ExperimentLogger(tmp_path)
    logger.add_scalar("loss", 1.0, 1)
    os.unlink(logger.path)
    shutil.rmtree(logger.folder)
    later()
    for step in range(100):
        logger.add_scalar("loss", 1.0, step)
    logger.close()
    assert logger.n_dropped == 99
    assert os.listdir(tmp_path) == []
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert "99 values could not be written" in errors[-1]


def test_renamed_folder_loses_nothing(tmp_path: Path, later: Callable[[], None]) -> None:
    logger = ExperimentLogger(tmp_path / "runs")
    logger.add_scalar("loss", 1.0, 1)
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    later()
    logger.add_scalar("loss", 1.0, 2)
    logger.add_scalar("loss", 1.0, 3)
    logger.close()
    (folder,) = (tmp_path / "elsewhere").iterdir()
    assert steps(read_log(folder)) == [1, 2, 3]


def descriptor_of(path: Path) -> int:
    links = ((fd, f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd"))
    return next(int(fd) for fd, link in links if os.path.realpath(link) == str(path))


def test_descriptor_closed_by_somebody_else_loses_nothing(run_file: Path) -> None:
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
        os.close(descriptor_of(run_file))
        logger.add_scalar("loss", 1.0, 2)
        assert logger.n_dropped == 0
        assert is_held(run_file) is True
    log = read_log(run_file)
    assert steps(log) == [1, 2]
    assert log.is_closed


def test_descriptor_that_became_another_file_is_left_alone(
    run_file: Path, tmp_path: Path, later: Callable[[], None]
) -> None:
    with ExperimentLogger() as logger, (tmp_path / "other").open("wb") as other:
        logger.add_scalar("loss", 1.0, 1)
        fd = descriptor_of(run_file)
        os.dup2(other.fileno(), fd)
        later()
        logger.add_scalar("loss", 1.0, 2)  # noticed now
        logger.add_scalar("loss", 1.0, 3)
        os.close(fd)
    assert steps(read_log(run_file)) == [1, 3]


def test_unusable_logdir_does_not_end_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with ExperimentLogger(tmp_path / "file" / "runs") as logger:
        for step in range(3):
            logger.add_scalar("loss", 1.0, step)
        with pytest.raises(TypeError):
            logger.add_scalar("loss", "wrong", 1)  # type: ignore[arg-type]
        assert logger.n_dropped == 3
        (tmp_path / "file").unlink()
        logger.add_scalar("loss", 1.0, 3)
    assert steps(read_log(logger.path)) == [3]
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert "Not a directory" in errors[0] or "File exists" in errors[0]


def test_fifo_in_place_of_the_file_does_not_stop_the_training(run_file: Path) -> None:
    os.mkfifo(run_file)
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    assert logger.n_dropped == 1


@pytest.mark.parametrize("closing", ["sys.stderr.close()", "sys.stderr = None", "os.close(2)"])
def test_trouble_ends_no_training_that_is_strict_or_has_no_stderr(
    tmp_path: Path, closing: str
) -> None:
    script = f"""
        {closing}
        logger = ExperimentLogger("/dev/null/runs")
        logger.add_scalar("loss", 1.0, 1)
        logger.close()
        print(logger.n_dropped)
    """
    output, _ = finish(run_script(script, options=("-W", "error")))
    assert output == "1\n"


def test_file_system_without_hard_links_will_do(
    run_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    with ExperimentLogger() as logger:
        logger.add_scalar("loss", 1.0, 1)
    log = read_log(run_file)
    assert log.created_at is not None
    assert (steps(log), log.n_skipped) == ([1], 0)
    assert os.listdir(run_file.parent) == ["run.dat"]
