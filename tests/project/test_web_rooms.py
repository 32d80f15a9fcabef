"""The rooms of `web` import one another in one direction only, as their docstrings say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

WEB = ROOT / "web"
ROOMS = ("serving", "runs", "series", "groups", "live", "tables", "insight", "pages")
"""From the ground up: each may import those before it."""
OF_WEB_ITSELF = {"rendering": "live"}
"""Modules beside the rooms that rooms may use, with the highest room that they use themselves."""
MOST_MODULES = 16


def rooms_imported(path: Path) -> Iterator[str]:
    """The rooms that a module of a room imports, its own left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 2:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (name.split(".")[0] for name in names)


def floor(room: str) -> float:
    """How high a room is; a module beside the rooms is above all that it imports."""
    return ROOMS.index(OF_WEB_ITSELF[room]) + 0.5 if room in OF_WEB_ITSELF else ROOMS.index(room)


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_rooms_below_it(room: str) -> None:
    modules = sorted((WEB / room).glob("*.py"))
    assert modules, f"there is no room web/{room}"
    for module in modules:
        for other in rooms_imported(module):
            assert floor(other) < floor(room), f"web/{room}/{module.name} imports {other}"


def test_every_folder_with_modules_is_a_room() -> None:
    assert {path.parent.name for path in WEB.glob("*/*.py")} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_small_and_says_what_it_is_for(room: str) -> None:
    assert len(list((WEB / room).glob("*.py"))) <= MOST_MODULES
    purpose = ast.get_docstring(ast.parse((WEB / room / "__init__.py").read_text(encoding="utf-8")))
    assert purpose, f"web/{room}/__init__.py says nothing"
