"""A name says one thing: no two public classes, no two public functions, and no two exports of the
page's modules share one."""

import ast
import re
from collections import defaultdict

import pytest
from places import ROOT

PACKAGES = ("logger", "orchestrator", "web")

SHARED_CLASSES = {
    "StopCallback": "one for each framework, named as its documentation has it",
    "TrackingCallback": "one for each framework, named as its documentation has it",
}
SHARED_FUNCTIONS = {
    "annotate": "a command, the action of a page, and what both call",
    "format_duration": "each medium writes numbers its own way: the terminal and the pages",
    "format_number": "each medium writes numbers its own way: the terminal and the pages",
    "keep_state": "what `LateRoutes` calls in a module of routes",
    "main": "the program of a module",
    "resume": "the Python interface and the action of a page",
    "setting_problems": "each engine has its own, called by the registry",
    "show": "a command and the Python interface of notebooks",
    "sweep": "a command, and W&B's name in the drop-in",
    "workers": "a command and the answer to a page",
}
SHARED_EXPORTS = {"View": "one for each drawing, which the panel of an insight loads by its name"}
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)


def shared_names(kinds: tuple[type[ast.stmt], ...]) -> dict[str, list[str]]:
    """Public names that several modules define at their top level, each with these modules."""
    homes = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, kinds) and not node.name.startswith("_"):  # type: ignore[attr-defined]
                    homes[node.name].append(path.relative_to(ROOT).as_posix())  # type: ignore[attr-defined]
    return {name: found for name, found in homes.items() if len(found) > 1}


@pytest.mark.parametrize(
    ("kinds", "exceptions"),
    [
        ((ast.ClassDef,), SHARED_CLASSES),
        ((ast.FunctionDef, ast.AsyncFunctionDef), SHARED_FUNCTIONS),
    ],
    ids=["classes", "functions"],
)
def test_no_two_modules_define_the_same_name(
    kinds: tuple[type[ast.stmt], ...], exceptions: dict[str, str]
) -> None:
    shared = shared_names(kinds)
    assert {name: homes for name, homes in shared.items() if name not in exceptions} == {}
    assert exceptions.keys() <= shared.keys(), "an exception that is not needed"


def test_no_two_modules_of_the_page_export_the_same_name() -> None:
    homes = defaultdict(list)
    for path in sorted((ROOT / "web" / "static").rglob("*.js")):
        for name in EXPORT.findall(path.read_text("utf-8")):
            homes[name].append(path.relative_to(ROOT).as_posix())
    shared = {name: found for name, found in homes.items() if len(found) > 1}
    assert {name: found for name, found in shared.items() if name not in SHARED_EXPORTS} == {}
    assert SHARED_EXPORTS.keys() <= shared.keys(), "an exception that is not needed"
