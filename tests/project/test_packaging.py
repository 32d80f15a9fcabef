"""What is built and installed holds all that the command and the pages need, and no tests."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

PACKAGES = ("logger", "orchestrator", "web")
CHILD_LIMIT_S = 60

# Python 3.11.2, which Debian 12 has, knows no filters yet
_TRUSTED: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command in a folder without source code, and return its output."""
    done = subprocess.run(
        command, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def build(kind: str, source: Path, into: Path) -> Path:
    """Build `sdist` or `wheel` from a source folder with the project's own build backend."""
    into.mkdir(exist_ok=True)
    code = f"from setuptools import build_meta; build_meta.build_{kind}({str(into)!r})"
    run([sys.executable, "-c", code], source)
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked. Building leaves files behind, so a copy is built."""
    folder = tmp_path_factory.mktemp("packaging")
    copy = folder / "copy"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=ignored)
    shutil.copytree(ROOT / "tests" / "project", copy / "tests" / "project", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    with tarfile.open(build("sdist", copy, folder / "sdist")) as archive:
        archive.extractall(folder / "unpacked", **_TRUSTED)
    (unpacked,) = (folder / "unpacked").iterdir()
    return unpacked


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    return build("wheel", source, source.parent.parent / "wheel")


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Path:
    """A fresh environment with the wheel, and everything it needs from the running one."""
    folder = wheel.parent.parent / "environment"
    run([sys.executable, "-m", "venv", "--without-pip", folder], wheel.parent)
    python = folder / "bin" / "python"
    (packages,) = folder.glob("lib/python*/site-packages")
    ours = [path for path in sys.path if Path(path).name == "site-packages"]
    (packages / "third_party.pth").write_text("\n".join(ours))
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run([*install, "--no-deps", "--no-index", "--ignore-installed", wheel], wheel.parent)
    return folder


MAPPED = re.compile(r"^logger/(?=experiment/|integrations/)")


def files_of_packages() -> Iterator[tuple[str, str]]:
    """Every file that has to be installed: (its place in the repository, in the wheel)."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            place = path.relative_to(ROOT).as_posix()
            if path.is_file() and "__pycache__" not in place and ".egg-info" not in place:
                yield place, f"ml_tracking_ops/{MAPPED.sub('', place)}"


def test_wheel_from_the_source_distribution_holds_every_file_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {name for _, name in files_of_packages()}
    assert not [name for name in held if "test" in name.lower()]


def test_files_are_installed_as_they_are_in_the_repository(environment: Path) -> None:
    (packages,) = environment.glob("lib/python*/site-packages")
    for place, name in files_of_packages():
        assert (packages / name).read_bytes() == (ROOT / place).read_bytes(), place


def test_installed_command_runs_and_prints_the_schema(environment: Path, tmp_path: Path) -> None:
    command = environment / "bin" / "ml-tracking-ops"
    assert run([command, "--version"], tmp_path).startswith("ml-tracking-ops 0")
    schema = json.loads(run([command, "schema"], tmp_path))
    published = ROOT / "orchestrator" / "experiment_cfg.schema.json"
    assert schema == json.loads(published.read_text(encoding="utf-8"))


def test_installed_modules_are_those_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    code = (
        "import ml_tracking_ops.experiment.logger as e, ml_tracking_ops.orchestrator as o, "
        "ml_tracking_ops.web.app as w; print(e.__file__, o.__file__, w.__file__, sep='\\n')"
    )
    for path in run([environment / "bin" / "python", "-c", code], tmp_path).splitlines():
        assert Path(path).is_relative_to(environment)


@pytest.fixture
def address(environment: Path, tmp_path: Path) -> Iterator[str]:
    """The installed dashboard's."""
    command = [environment / "bin" / "ml-tracking-ops", "web", "--port", "0", "--no-token"]
    with subprocess.Popen(
        [*command, "--logdir", tmp_path],
        cwd=tmp_path,
        env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None
            yield found[0].rstrip("/")
        finally:
            process.terminate()


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=CHILD_LIMIT_S) as answer:
        assert answer.status == 200
        text: str = answer.read().decode()
        return text


def test_installed_dashboard_serves_its_pages_and_their_files(address: str) -> None:
    """Also everything that the pages, and the modules that they load, refer to on this server."""
    pages = [fetch(address + page) for page in ("/", "/sweeps")]
    seen: set[str] = set()
    left = {link for page in pages for link in re.findall(r'(?:src|href)="(/static/[^"]+)"', page)}
    while left:
        link = left.pop()
        seen.add(link)
        text = fetch(address + link)
        folder = link.rpartition("/")[0]
        modules = re.findall(r'from "(\.[^"]+)"', text) if ".js" in link else []
        left |= {os.path.normpath(f"{folder}/{module}") for module in modules} - seen
    suffixes = {Path(link).suffix for link in seen}
    assert {".js", ".css", ".svg"} <= suffixes
