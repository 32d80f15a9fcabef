"""A failed test harms no other, and what tests start handles signals as in a terminal."""

import subprocess
import sys
from pathlib import Path

from places import ROOT

CONFIGURATION = f"""
[pytest]
pythonpath = {ROOT / "tests" / "support"}
filterwarnings = error
"""
CONFTEST = """
import pytest
pytest_plugins = ["child_signals", "leftovers"]

@pytest.fixture
def anyio_backend():
    return "asyncio"
"""


def run_pytest(folder: Path, tests: str, *prefix: str) -> list[str]:
    """Run these tests alone, and return the lines of the output."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text(CONFIGURATION)
    (folder / "test_them.py").write_text(tests)
    command = [
        *prefix,
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-v",
        "--tb=short",
    ]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return (done.stdout + done.stderr).splitlines()


def outcomes(lines: list[str]) -> dict[str, str]:
    words = [line.split() for line in lines if line.startswith("test_them.py::")]
    return {place.removeprefix("test_them.py::"): outcome for place, outcome, *_ in words}


LEAVES_THINGS = """
import os, subprocess, sys, time
from pathlib import Path
import pytest

FOLDER = Path(__file__).parent
CHILD = "import os, signal; os.setsid(); signal.signal(15, signal.SIG_IGN); signal.pause()"

@pytest.fixture
def end_of_process():
    yield
    while Path("/proc", (FOLDER / "pid").read_text()).exists():
        time.sleep(0.01)

def test_fails(end_of_process):
    file = open(FOLDER / "left", "w")
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE)
    (FOLDER / "pid").write_text(str(child.pid))
    assert file is child

def test_comes_next():
    assert not Path("/proc", (FOLDER / "pid").read_text()).exists()
    targets = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")[:-1]]
    assert str(FOLDER / "left") not in targets
"""


def test_failed_test_leaves_no_process_and_no_warning(tmp_path: Path) -> None:
    lines = run_pytest(tmp_path, LEAVES_THINGS)
    assert outcomes(lines) == {"test_fails": "FAILED", "test_comes_next": "PASSED"}, lines


HANGS = """
import threading
import anyio
import pytest

@pytest.mark.timeout(0.5)
def test_hangs():
    threading.Event().wait()

@pytest.mark.anyio
@pytest.mark.timeout(0.5)
async def test_hangs_in_an_event_loop():
    with anyio.CancelScope(shield=True):
        await anyio.sleep_forever()

@pytest.mark.anyio
async def test_comes_next():
    await anyio.sleep(0)
    assert True
"""


def test_test_that_hangs_fails_alone(tmp_path: Path) -> None:
    lines = run_pytest(tmp_path, HANGS)
    assert outcomes(lines) == {
        "test_hangs": "FAILED",
        "test_hangs_in_an_event_loop": "FAILED",
        "test_comes_next": "PASSED",
    }, lines
    assert any("Timeout" in line for line in lines)


CHILDREN = """
import os, signal, subprocess, sys

CODE = "import signal; print([signal.getsignal(n) == signal.SIG_DFL for n in (1, 3, 15)])"

def test_children_have_defaults():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[True, True, True]\\n"

def test_children_can_be_interrupted():
    code = "import signal; print(signal.getsignal(2) == signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\\n"

def test_pytest_itself_still_ignores_them():
    os.kill(os.getpid(), signal.SIGHUP)
    os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGHUP) != signal.SIG_DFL
"""


def test_ignored_signals_are_not_handed_to_children(tmp_path: Path) -> None:
    ignoring = ("sh", "-c", 'trap "" HUP INT QUIT TERM; exec "$@"', "sh")
    lines = run_pytest(tmp_path, CHILDREN, *ignoring)
    assert set(outcomes(lines).values()) == {"PASSED"}, lines
    assert len(outcomes(lines)) == 3
