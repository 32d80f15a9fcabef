"""What Windows has not is used where `os_files` and `os_processes` are, and nowhere else."""

import ast
import importlib
from collections.abc import Iterator

from other_systems import NO_MODULES_IN_WINDOWS, NOT_IN_WINDOWS
from places import ROOT

OF_THE_SYSTEM = {"logger/os_files.py", "orchestrator/supervision/os_processes.py"}
NOT_ON_WINDOWS = {  # these do nothing there
    "orchestrator/supervision/server.py",
    "orchestrator/supervision/child.py",
    "orchestrator/supervision/slot_server.py",
    "orchestrator/supervision/tied_runner.py",
    "orchestrator/executors/ray/node.py",
    "orchestrator/executors/ray/relay.py",
    "web/serving/peer_user.py",
}
NAMES = {f"{module.__name__}.{name}" for module, names in NOT_IN_WINDOWS.items() for name in names}


def names_not_in_windows(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in NAMES:
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "signal", "socket"):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in names if name in NAMES)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name in NO_MODULES_IN_WINDOWS)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
            name = ".".join(ast.unparse(one).strip("'") for one in node.args[:2])
            yield from [name] if name in NAMES or name.startswith("os.O_") else []


def test_functions_missing_on_windows_are_used_in_two_modules_only() -> None:
    found = {
        f"{file}: {name}"
        for folder in ("logger", "orchestrator", "web")
        for path in (ROOT / folder).rglob("*.py")
        if (file := path.relative_to(ROOT).as_posix()) not in OF_THE_SYSTEM | NOT_ON_WINDOWS
        for name in names_not_in_windows(path.read_text())
    }
    assert found == set()


def test_names_missing_on_windows_are_found() -> None:
    source = "import fcntl\nfrom signal import SIGKILL, SIGINT\nos.pread(1, 2, 3)\nos.read(1, 2)\n"
    source += "getattr(os, 'O_BINARY', 0)\n"
    found = set(names_not_in_windows(source))
    assert found == {"fcntl", "signal.SIGKILL", "os.pread", "os.O_BINARY"}


def test_names_exist_on_linux() -> None:
    for name in NAMES:
        module, _, attribute = name.partition(".")
        assert hasattr(importlib.import_module(module), attribute)
