"""Imports run one way; see ARCHITECTURE.md."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

NAMESPACE = "ml_tracking_ops"
WEB_MAY_USE = {"store", "steering", "reports", "config", "commands", "executors", "errors"}


def imports(path: Path) -> Iterator[str]:
    """The absolute imports of a module, wherever in it they stand."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level > len(path.relative_to(ROOT).parts) - 1:
                pytest.fail(f"{path}: a relative import leaves its package")
            if node.level == 0 and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sibling_imports(package: str) -> set[tuple[str, str]]:
    """(module, package or package.module of ours that it imports) for every import across."""
    found = set()
    for path in sorted((ROOT / package).rglob("*.py")):
        for name in imports(path):
            if name.startswith(f"{NAMESPACE}."):
                found.add((path.relative_to(ROOT).as_posix(), name.removeprefix(f"{NAMESPACE}.")))
    return found


def test_logger_imports_neither_orchestrator_nor_web() -> None:
    for module, name in sibling_imports("logger"):
        assert name.startswith(("logger", "experiment")), f"{module} imports {name}"


def test_only_the_command_line_imports_web() -> None:
    for module, name in sibling_imports("orchestrator"):
        if name.startswith("web"):
            assert module == "orchestrator/cli/dashboard.py", f"{module} imports {name}"


def test_web_uses_only_what_reads_files() -> None:
    for module, name in sibling_imports("web"):
        if name.startswith("orchestrator."):
            assert name.split(".")[1] in WEB_MAY_USE, f"{module} imports {name}"


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
    """Importing it takes as long as all the rest: it comes while the first run is under way."""
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
            name = ".".join(parts[1:] if parts[:2] == ("logger", "experiment") else parts)
            assert f'"{NAMESPACE}.{name}",' in text
