"""Windows and macOS, as far as they can be had here: see `other_systems`."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from leftovers import own_processes_with
from other_systems import macos_environment
from places import ROOT
from sweeps import (
    COMMAND,
    choice,
    processes_with,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.logger import ExperimentLogger, read_log

LIMIT_S = 60
LIBRARIES = """
import asyncio, ctypes, getpass, multiprocessing, platform, shutil, subprocess, sys, tempfile
import anyio, anyio._backends._asyncio, jinja2, numpy, pydantic, rich.console, rich.progress
import starlette.applications, uvicorn, uvicorn.lifespan.on, uvicorn.protocols.http.h11_impl
import watchfiles, yaml
sys.path.append(sys.argv.pop(1))
from other_systems import become_windows
become_windows()
"""
MAIN = "from ml_tracking_ops.orchestrator.cli.main import main; sys.exit(main(sys.argv[1:]))"


def windows_command(code: str, *arguments: str | Path) -> list[str]:
    """Return a command that runs `code` without functions that Windows lacks."""
    support = str(ROOT / "tests" / "support" / "machine")
    return [sys.executable, "-c", LIBRARIES + code, support, *map(str, arguments)]


def on_windows(folder: Path, code: str, *arguments: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        windows_command(code, *arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    return done.returncode, done.stdout, done.stderr


# --- Windows ------------------------------------------------------------------------------------

LOGS_AND_READS = """
from ml_tracking_ops.experiment.logger import ExperimentLogger
from ml_tracking_ops.logger import LogTail, read_log
with ExperimentLogger("runs") as logger:
    logger.add_scalar("loss", 0.5, 0)
    tail = LogTail(logger.path)
    assert tail.read().series["loss"].value.tolist() == [0.5]
    for step in range(1, 100):
        logger.add_scalars({"loss": step, "accuracy": step / 100}, step)
    assert tail.read().series["loss"].step.tolist() == list(range(1, 100))
print(len(read_log(logger.path)["loss"]), logger.n_dropped)
"""


def test_logger_and_readers_work_without_functions_missing_on_windows(tmp_path: Path) -> None:
    code, output, errors = on_windows(tmp_path, LOGS_AND_READS)
    assert (code, output, errors) == (0, "100 0\n", "")
    (path,) = tmp_path.glob("runs/*/*.dat")
    assert read_log(path)["accuracy"].step.tolist() == list(range(1, 100))


REPLACES = """
import os
from ml_tracking_ops.logger import os_files
for name, text in (("new", "new"), ("old", "old")):
    with open(name, "w") as file:
        file.write(text)
replace, refusals = os.replace, iter([True, True, False])
def refuse_while_it_is_read(*arguments, **named):
    if next(refusals):
        raise PermissionError(13, "in use")
    replace(*arguments, **named)
os.replace = refuse_while_it_is_read
os_files.replace("new", "old")
print(open("old").read(), next(refusals, "none left"))
os.symlink("old", "link")
try:
    os_files.open_without_link("link", os_files.READ, 0)
except OSError as error:
    print(error.strerror)
"""


def test_files_are_replaced_while_they_are_read_and_links_are_refused_on_windows(
    tmp_path: Path,
) -> None:
    code, output, errors = on_windows(tmp_path, REPLACES)
    assert (code, output, errors) == (0, "new none left\nit is a link\n", "")


@pytest.mark.parametrize("arguments", [("sweep",), ("sweep", "--detach"), ("demo",)])
def test_sweep_is_refused_on_windows_and_wsl_is_named(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    write_config(tmp_path, "short.py")
    code, output, errors = on_windows(tmp_path, MAIN, *arguments)
    assert (code, output) == (2, "")
    assert "sweeps do not run on Windows itself: run this command in WSL" in errors
    assert "Traceback" not in errors
    assert not list(tmp_path.glob("runs/*"))


def test_sweep_from_python_is_refused_on_windows(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py")
    code = (
        "from ml_tracking_ops.orchestrator import run_sweep\n"
        "try:\n    run_sweep('experiment_cfg.json')\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    returned, output, errors = on_windows(tmp_path, code)
    assert (returned, errors) == (0, "")
    assert output.startswith("UsageError sweeps do not run on Windows")


def test_dry_run_works_on_windows(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py")
    code, output, errors = on_windows(tmp_path, MAIN, "sweep", "--dry-run")
    assert code == 0, errors
    assert output.count("short.py") == 3


@pytest.fixture
def logged(tmp_path: Path) -> ExperimentLogger:
    with ExperimentLogger(tmp_path / "runs") as logger:
        for step in range(10):
            logger.add_scalar("loss", step, step)
    return logger


def test_lists_and_exports_work_on_windows(tmp_path: Path, logged: ExperimentLogger) -> None:
    name = Path(logged.folder).name
    code, output, errors = on_windows(tmp_path, MAIN, "list", "--json")
    assert code == 0, errors
    assert [entry["name"] for entry in json.loads(output)] == [name]
    code, output, errors = on_windows(tmp_path, MAIN, "export", name, "--format=csv", "-o=a.csv")
    assert code == 0, errors
    assert "loss" in (tmp_path / "a.csv").read_text()
    code, output, errors = on_windows(tmp_path, MAIN, "annotate", name, "--note", "kept")
    assert code == 0, errors
    assert "kept" in (Path(logged.folder) / "annotations.json").read_text()
    assert on_windows(tmp_path, MAIN, "delete", name, "--yes")[0] == 0
    assert not Path(logged.path).exists()


@pytest.fixture
def windows_dashboard(tmp_path: Path) -> Iterator[str]:
    """The address with the token."""
    output = tmp_path / "output"
    with output.open("w") as file:
        process = subprocess.Popen(
            windows_command(MAIN, "web", "--port", "0"), cwd=tmp_path, stdout=file, stderr=file
        )
    try:
        wait_until(lambda: "http://" in output.read_text(), "the address")
        yield re.findall(r"http://\S+", output.read_text())[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) in (0, 130), output.read_text()
        assert "Traceback" not in output.read_text()
    finally:
        process.kill()
        process.wait(LIMIT_S)


def test_dashboard_works_without_functions_missing_on_windows(
    logged: ExperimentLogger, windows_dashboard: str
) -> None:
    name = Path(logged.folder).name
    with httpx.Client(follow_redirects=True, timeout=LIMIT_S) as client:
        page = client.get(windows_dashboard)
        assert name in page.text
        address = windows_dashboard.partition("/?")[0]
        assert client.get(f"{address}/runs/{name}").status_code == 200
        series = client.get(f"{address}/api/series", params={"run": name, "metric": "loss"})
        assert series.status_code == 200
        with client.stream("GET", f"{address}/events", params={"run": f"{name}:0"}) as stream:
            found = ""
            for line in stream.iter_lines():
                found += line
                if "loss" in found:
                    break
        assert "loss" in found


# --- macOS --------------------------------------------------------------------------------------


@pytest.fixture
def on_macos(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts `ml-tracking-ops` without `waitid`, `/proc` and locks of open files."""
    place = tmp_path / "macos"
    place.mkdir()
    environment = macos_environment(place)

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        with (tmp_path / "output").open("a") as output:
            return subprocess.Popen(
                [*COMMAND, *map(str, arguments)],
                cwd=tmp_path,
                env=environment,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    return start


def test_sweep_stops_runs_early_on_macos(
    tmp_path: Path, on_macos: Callable[..., subprocess.Popen[str]]
) -> None:
    write_config(tmp_path, "hopeless.py", early_stopping=True, early_stopping_patience=3)
    assert on_macos("sweep", "--workers", "2").wait(LIMIT_S) == 0, (tmp_path / "output").read_text()
    folder = sweep_folder(tmp_path / "runs")
    assert state_of(folder).counts == {"early_stopped": 3}
    started = json.loads((folder / "processes.jsonl").read_text().splitlines()[0])
    assert started["process_identity"].startswith("ps:")
    assert processes_with(str(tmp_path / "runs")) == []


def test_child_that_outlives_its_run_is_ended_on_macos(
    tmp_path: Path, on_macos: Callable[..., subprocess.Popen[str]]
) -> None:
    write_config(tmp_path, "leaves_child.py", max_runs=1)
    assert on_macos("sweep").wait(LIMIT_S) == 1
    assert own_processes_with("leaves_child.py") == []


def test_runs_outlive_a_killed_orchestrator_on_macos(
    tmp_path: Path, on_macos: Callable[..., subprocess.Popen[str]]
) -> None:
    flag = tmp_path / "flag"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=2, hyperparameters={"until": choice(str(flag))}
    )
    sweep = on_macos("sweep", "--workers", "1")
    try:
        wait_until(lambda: list(tmp_path.glob("runs/*/*.dat")), "the run")
        folder = sweep_folder(tmp_path / "runs")
        wait_until(lambda: state_of(folder).counts == {"running": 1}, "the journal")
        second = on_macos("sweep", "--resume", folder)
        assert second.wait(LIMIT_S) == 1  # the first is known to be alive, though without a lock
        sweep.kill()
        sweep.wait(LIMIT_S)
        resumed = on_macos("sweep", "--resume", folder)
        flag.touch()
        assert resumed.wait(LIMIT_S) == 0, (tmp_path / "output").read_text()
    finally:
        flag.touch()
    state = state_of(folder)
    assert state.counts == {"finished": 2}
    assert [run.attempt for run in state.runs.values()] == [1, 1]
