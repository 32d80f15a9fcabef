"""The program that travels with a run."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.executors import runner_archive


@pytest.fixture
def fresh() -> Iterator[None]:
    runner_archive.runner_archive.cache_clear()
    runner_archive.runner_name.cache_clear()
    yield
    runner_archive.runner_archive.cache_clear()
    runner_archive.runner_name.cache_clear()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("is_of_this_python", [True, False])
def test_runner_starts_also_under_a_python_that_it_was_not_compiled_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_of_this_python: bool
) -> None:
    if not is_of_this_python:
        monkeypatch.setattr(runner_archive, "MAGIC_NUMBER", b"\1\2\r\n")
    path = tmp_path / runner_archive.runner_name()
    path.write_bytes(runner_archive.runner_archive())
    command = [sys.executable, "-I", "-S", str(path), str(tmp_path / "missing.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing is started" in done.stdout


@pytest.mark.usefixtures("fresh")
def test_archives_for_other_pythons_have_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    name = runner_archive.runner_name()
    runner_archive.runner_name.cache_clear()
    monkeypatch.setattr(runner_archive, "MAGIC_NUMBER", b"\1\2\r\n")
    assert runner_archive.runner_name() != name


def test_archive_holds_all_that_its_modules_import(tmp_path: Path) -> None:
    path = tmp_path / runner_archive.runner_name()
    path.write_bytes(runner_archive.runner_archive())
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".py")]
    modules = [name.removesuffix(".py").replace("/", ".") for name in names if "/" in name]
    code = f"import sys; sys.path.insert(0, {str(path)!r}); import {', '.join(modules)}"
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
