"""Programs beside the packages import only existing names, even those that no test runs."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

FOLDERS = ("benchmarks", "fuzz", "scripts", "tests")
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if "integrations/scripts" not in path.as_posix()  # scripts/test-integrations runs each of them
    if "/." not in path.relative_to(ROOT).as_posix()  # what a benchmark has installed or written
)


def imports_of_ours(path: Path) -> Iterator[tuple[str, str | None]]:
    """(module, name in it, if one is imported)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("file", FILES)
def test_program_imports_existing_names(file: str) -> None:
    for module, name in imports_of_ours(ROOT / file):
        if not module.startswith("ml_tracking_ops."):
            continue
        found = importlib.import_module(module)
        if name is not None:
            assert hasattr(found, name) or importlib.import_module(f"{module}.{name}")
