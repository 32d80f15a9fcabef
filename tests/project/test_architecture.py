"""Imports run one way, see ARCHITECTURE.md."""

import re
import subprocess
import sys
from functools import cache

import grimp
import pytest
from places import ROOT

NAMESPACE = "ml_tracking_ops"
PACKAGES = ("logger", "experiment", "orchestrator", "web")
ROOMS = sorted(
    path.parent.relative_to(ROOT).as_posix()
    for package in ("orchestrator", "web")
    for path in (ROOT / package).glob("*/__init__.py")
)

MAPPED = (("logger", "experiment"), ("logger", "integrations"))
"""Folders of the logger that are packages of their own."""


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*(f"{NAMESPACE}.{name}" for name in PACKAGES), cache_dir=None)


def test_imports_follow_the_order_of_the_rooms() -> None:
    """The order in `[tool.importlinter]` of pyproject.toml."""
    code = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout


def imported_rooms(room: str) -> set[str]:
    """The rooms and packages that the modules of a room import, as its docstring names them."""
    package = room.partition("/")[0]
    name = f"{NAMESPACE}.{room.replace('/', '.')}"
    found: set[str] = set()
    for module in {name, *graph().find_descendants(name)}:
        for target in graph().find_modules_directly_imported_by(module):
            top, _, rest = target.removeprefix(f"{NAMESPACE}.").partition(".")
            inner = rest.partition(".")[0]
            if not inner or top in ("logger", "experiment", "web" if package != "web" else ""):
                found.add(top)
            else:
                found.add(inner if top == package else f"{top}.{inner}")
    return found - {room.partition("/")[2]}


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_what_it_says(room: str) -> None:
    """Its docstring names the rooms after `May import`. `every` means all rooms before it."""
    text = (ROOT / room / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
    _, found, message = " ".join(text.split()).partition("ay import ")
    assert found, f"{room}/__init__.py does not say what the room may import"
    if "every" not in message:
        assert imported_rooms(room) <= set(re.findall(r"`([a-z_.]+)`", message))


def test_import_of_the_logger_brings_no_third_party_package() -> None:
    code = (
        "import sys; before = set(sys.modules); "
        "import ml_tracking_ops.experiment.logger; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert loaded <= {*sys.stdlib_module_names, NAMESPACE}
    assert "numpy" not in loaded


def test_sweep_is_ready_to_start_runs_without_numpy() -> None:
    """Importing it takes as long as all the rest, so it is imported during the first run."""
    code = "import sys; import ml_tracking_ops.orchestrator.sweep; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "False", done.stderr


def test_every_python_file_belongs_to_a_declared_package() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for package in ("logger", "orchestrator", "web"):
        for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
            parts = folder.relative_to(ROOT).parts
            name = ".".join(parts[1:] if parts[:2] in MAPPED else parts)
            assert f'"{NAMESPACE}.{name}",' in text
