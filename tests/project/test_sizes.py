"""Folders, modules and functions of the code and its tests are small.

The aim is at most about 15 modules in a folder, 400 lines in a module and 40 in a function. The
limits that are checked are a little higher, so that nothing has to be divided in a hurry.
"""

import ast
from collections import Counter

import pytest
from places import ROOT

MOST_MODULES = 18
MOST_LINES = 420
MOST_LINES_OF_FUNCTION = 60
PACKAGES = ("logger", "orchestrator", "web")
CODE = [
    path
    for top in (*PACKAGES, "tests", "scripts")
    for path in sorted((ROOT / top).rglob("*"))
    if path.suffix in (".py", ".js", ".css", ".html")
    and not any(part.startswith(".") or part == "results" for part in path.relative_to(ROOT).parts)
]
PYTHON = [path for path in CODE if path.suffix == ".py"]


def test_folders_hold_few_modules() -> None:
    named = [path for path in CODE if not path.name.startswith("__")]
    folders = Counter((path.parent.relative_to(ROOT).as_posix(), path.suffix) for path in named)
    assert {place: n for place, n in folders.items() if n > MOST_MODULES} == {}


def test_modules_are_short() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in CODE
    }
    assert {name: n for name, n in lines.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_short(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in PYTHON
        if path.is_relative_to(ROOT / package)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: n for name, n in found.items() if n > MOST_LINES_OF_FUNCTION} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_for_and_what_it_may_import(package: str) -> None:
    message = {
        path.parent.relative_to(ROOT).as_posix(): ast.get_docstring(
            ast.parse(path.read_text("utf-8"))
        )
        for path in (ROOT / package).rglob("__init__.py")
    }
    silent = [
        room for room, text in message.items() if "ay import " not in " ".join((text or "").split())
    ]
    assert silent == []
