"""What a log says of a process that never closed its logger."""

import subprocess
import sys
from pathlib import Path

import pytest

from ml_tracking_ops.logger.reading.reader import read_ending

BEGIN = (
    "import sys, os, multiprocessing\n"
    "from ml_tracking_ops.experiment.logger import ExperimentLogger\n"
    "def train():\n"
    "    writer = ExperimentLogger(sys.argv[1])\n"
    "    writer.add_scalar('loss', 1.0, 1)\n"
    "    return writer\n"
    "def train_and_fail():\n"
    "    writer = train()\n"
    "    raise RuntimeError('diverged')\n"
)

MAIN = """
def main():
    writer = train()
    return {result}

if __name__ == "__main__":
    raise SystemExit(main())
"""

IN_A_CHILD = """
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    process = context.Process(target={target})
    process.start()
    process.join()
"""


def ending_after(tmp_path: Path, end: str, *options: str) -> tuple[str, int]:
    script = tmp_path / "train.py"
    script.write_text(BEGIN + end)
    logdir = tmp_path / "runs"
    done = subprocess.run(
        [sys.executable, *options, script, logdir], capture_output=True, timeout=60, cwd=tmp_path
    )
    (dat_path,) = logdir.glob("*/*.dat")
    ending = read_ending(dat_path)
    if not ending.is_closed:
        return "open", done.returncode
    if ending.exit_is_unknown:
        return "unknown", done.returncode
    return ("failed" if ending.ended_with_error else "finished"), done.returncode


@pytest.mark.parametrize(
    "end",
    [
        "writer = train()\n",
        "train()\n",
        "writer = train()\nsys.exit()\n",
        "writer = train()\nsys.exit(0)\n",
        "writer = train()\ntry:\n    sys.exit(1)\nexcept SystemExit:\n    pass\n",
        "writer = train()\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\n",
        "writer = train()\nwriter.close()\nraise SystemExit(int('0'))\n",
        "writer = train()\nraise SystemExit(0)\n",
        "writer = train()\nraise SystemExit\n",
        "writer = train()\nexit()\n",
        "writer = train()\nquit(0)\n",
        MAIN.format(result=None),
        MAIN.format(result=0),
        IN_A_CHILD.format(method="fork", target="train"),
    ],
)
def test_script_that_ends_well_is_finished(tmp_path: Path, end: str) -> None:
    assert ending_after(tmp_path, end) == ("finished", 0)


@pytest.mark.parametrize(
    "end",
    [
        "writer = train()\nsys.exit(1)\n",
        "writer = train()\nsys.exit('out of data')\n",
        "writer = train()\n1 / 0\n",
        "train_and_fail()\n",
        "try:\n    train_and_fail()\nexcept RuntimeError:\n    sys.exit(1)\n",
        # as Hydra does: the error is printed, and the process leaves later
        "try:\n    train_and_fail()\nexcept RuntimeError:\n    pass\nsys.exit(1)\n",
        "writer = train()\nsys.excepthook = lambda *error: None\n1 / 0\n",
        "with train():\n    sys.exit(3)\n",
        "with train():\n    raise SystemExit(int('3'))\n",
        "writer = train()\nraise SystemExit(3)\n",
        "writer = train()\nraise SystemExit('no data')\n",
        MAIN.format(result=1),
        MAIN.format(result="'no data'"),
        "def main():\n    writer = train()\n    raise SystemExit(len('abc'))\nmain()\n",
        "writer = train()\nexit(1)\n",
        "writer = train()\nquit(2)\n",
        "from sys import exit as leave\nwriter = train()\nleave(1)\n",
        # whoever closes the log may yet fail
        "writer = train()\nwriter.close()\nsys.exit(1)\n",
        "with train():\n    pass\nraise RuntimeError('no report')\n",
    ],
)
def test_script_that_ends_with_an_exit_code_has_failed(tmp_path: Path, end: str) -> None:
    ending, code = ending_after(tmp_path, end)
    assert code != 0
    assert ending == "failed"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_training_that_fails_in_a_child_process_has_failed(tmp_path: Path, method: str) -> None:
    end = IN_A_CHILD.format(method=method, target="train_and_fail")
    assert ending_after(tmp_path, end.replace("sys.argv[1]", repr("runs")))[0] == "failed"


@pytest.mark.parametrize("code", [0, 1])
def test_unseen_exit_code_is_unknown(tmp_path: Path, code: int) -> None:
    """If the script itself catches SystemExit, `raise SystemExit(…)` must work as before."""
    end = "writer = train()\ntry:\n    os.getpid()\nexcept SystemExit:\n    pass\n"
    end += f"raise SystemExit(int('{code}'))\n"
    assert ending_after(tmp_path, end) == ("unknown", code)


def test_earlier_of_several_runs_stays_finished_when_a_later_one_fails(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(BEGIN + "train().close()\ntrain_and_fail()\n")
    done = subprocess.run(
        [sys.executable, script, tmp_path / "runs"], capture_output=True, timeout=60
    )
    assert done.returncode == 1
    endings = [read_ending(path) for path in sorted((tmp_path / "runs").glob("*/*.dat"))]
    assert [one.ended_with_error for one in endings] == [False, True]
    assert all(one.is_closed for one in endings)


def test_process_that_exits_abruptly_closes_no_log(tmp_path: Path) -> None:
    assert ending_after(tmp_path, "writer = train()\nos._exit(1)\n") == ("open", 1)


def test_sys_exit_works_as_before(tmp_path: Path) -> None:
    script = "writer = train()\ntry:\n    sys.exit(7)\nexcept SystemExit as end:\n"
    script += "    assert end.code == 7 and end.args == (7,)\nsys.exit(5)\n"
    assert ending_after(tmp_path, script) == ("failed", 5)
