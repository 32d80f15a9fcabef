"""Every test can fail: it asserts, expects an error, or calls something of the tests that does."""

import ast
from collections.abc import Iterator

from places import ROOT

TESTS = ROOT / "tests"
CHECKS = {"AssertionError", "expect", "fail", "raises", "warns"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_without_check(sources: dict[str, str]) -> list[str]:
    """`path::test` for each test function that checks nothing.

    A function of the tests that checks something (it asserts, or raises when a wait is too long)
    counts as a check where it is called.
    """
    functions = [
        (path, node)
        for path, source in sources.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, Function)
    ]
    checking = _checking(functions)
    return [
        f"{path}::{node.name}"
        for path, node in functions
        if node.name.startswith("test_") and not _checks(node, checking)
    ]


def _checking(functions: list[tuple[str, Function]]) -> set[str]:
    """The names of the functions that check something, by themselves or through another."""
    helpers = [node for _, node in functions if not node.name.startswith("test_")]
    found = {node.name for node in helpers if _raises(node)}
    while more := {node.name for node in helpers if _checks(node, found)} - found:
        found |= more
    return found


def _raises(node: Function) -> bool:
    return any(isinstance(inner, ast.Raise) for inner in ast.walk(node))


def _checks(node: Function, checking: set[str]) -> bool:
    return any(isinstance(inner, ast.Assert) for inner in ast.walk(node)) or any(
        name in checking or name in CHECKS for name in _called(node)
    )


def _called(node: Function) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            function = inner.func
            if isinstance(function, ast.Name):
                yield function.id
            elif isinstance(function, ast.Attribute):
                yield function.attr


def test_every_test_checks_something() -> None:
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text()
        for path in sorted(TESTS.rglob("*.py"))
        if "trainers" not in path.parts
    }
    assert functions_without_check(sources) == []


def test_test_without_check_is_found() -> None:
    source = """
def wait(): raise TimeoutError
def look(): wait()
def nothing(): return 1
def test_asserts(): assert f()
def test_expects_an_error():
    with pytest.raises(ValueError): f()
async def test_calls_what_checks(): look()
def test_checks_nothing(): nothing()
"""
    assert functions_without_check({"a.py": source}) == ["a.py::test_checks_nothing"]


def test_names_of_test_files_are_unique() -> None:
    """Two of one name cannot be collected in one run: each is imported by its name alone."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({name for name in names if names.count(name) > 1}) == []
