"""Waits in tests end: each has a limit of its own."""

import ast

from places import ROOT

TESTS = [path for path in sorted((ROOT / "tests").rglob("*.py")) if "trainers" not in path.parts]
RUN = {"run", "check_call", "check_output"}
WAIT = {"communicate", "join", "wait"}


def unlimited_waits(source: str) -> list[int]:
    """The lines of waits for processes and threads that may take for ever."""
    tree = ast.parse(source)
    awaited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Await)}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return sorted(
        call.lineno for call in calls if id(call) not in awaited and _is_unlimited_wait(call)
    )


def _is_unlimited_wait(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    is_run = ast.unparse(call.func.value) == "subprocess" and call.func.attr in RUN
    is_wait = call.func.attr in WAIT and not call.args
    return (is_run or is_wait) and "timeout" not in {word.arg for word in call.keywords}


def test_waits_have_limits() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: give the wait a timeout"
        for path in TESTS
        for line in unlimited_waits(path.read_text())
    ]
    assert found == []


def test_waits_without_a_limit_are_found() -> None:
    source = "subprocess.run(['a'])\nchild.wait()\nchild.wait(9)\nthread.join()\nawait end.wait()\n"
    assert unlimited_waits(source) == [1, 2, 4]
    assert unlimited_waits("subprocess.run(['a'], timeout=9)\n', '.join(x)\n") == []
