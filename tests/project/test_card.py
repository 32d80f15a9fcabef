"""The packages that the user chose are those that the product is built on."""

import re
import tomllib

import pytest
from places import ROOT

CHOSEN = ("anyio", "starlette", "uvicorn", "watchfiles")


@pytest.mark.parametrize("package", CHOSEN)
def test_package_is_a_dependency_and_is_used(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert package in {re.split(r"[<>=\[; ]", one)[0] for one in project["dependencies"]}
    using = re.compile(rf"^\s*(?:import|from) {package}\b", re.MULTILINE)
    modules = [path for folder in ("orchestrator", "web") for path in (ROOT / folder).rglob("*.py")]
    assert any(using.search(path.read_text(encoding="utf-8")) for path in modules)
