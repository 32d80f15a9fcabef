"""Compiled templates are kept beside them, and no page fails where they cannot be."""

import shutil
import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from ml_tracking_ops.web.serving.template_cache import template_cache


class Compiling(Environment):
    """Counts compiled templates."""

    n_compiled = 0

    def compile(self, *given, **named):
        self.n_compiled += 1
        return super().compile(*given, **named)


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.html").write_text("one {{ n }}")
    return tmp_path


def compiling(templates: Path) -> Compiling:
    cache = template_cache(templates)
    return Compiling(loader=FileSystemLoader(templates), bytecode_cache=cache)


def rendered(environment: Environment) -> str:
    return environment.get_template("page.html").render(n=1)


def test_template_is_compiled_once_until_it_changes(templates: Path) -> None:
    first, second, third = compiling(templates), compiling(templates), compiling(templates)

    assert rendered(first) == rendered(second) == "one 1"
    (templates / "page.html").write_text("two {{ n }}")
    assert rendered(third) == "two 1"

    assert [one.n_compiled for one in (first, second, third)] == [1, 0, 1]


@pytest.mark.parametrize("n_bytes", [0, 5, 15, 40, 90])
def test_kept_file_that_is_cut_short_or_damaged_is_compiled_again(
    templates: Path, n_bytes: int
) -> None:
    rendered(compiling(templates))
    (kept,) = (templates / "__pycache__").iterdir()
    whole = kept.read_bytes()

    for damaged in (whole[:n_bytes], whole[:n_bytes] + b"\xff" * (len(whole) - n_bytes)):
        kept.write_bytes(damaged)
        environment = compiling(templates)
        assert (rendered(environment), environment.n_compiled) == ("one 1", 1)
        assert kept.read_bytes() == whole


def test_page_is_rendered_where_nothing_can_be_kept(templates: Path) -> None:
    environment = compiling(templates)
    shutil.rmtree(templates / "__pycache__")
    assert rendered(environment) == "one 1"

    (templates / "__pycache__").write_text("a file in its place")
    assert template_cache(templates) is None
    assert rendered(compiling(templates)) == "one 1"


def test_nothing_is_kept_where_python_writes_no_bytecode(
    templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert rendered(compiling(templates)) == "one 1"

    assert not (templates / "__pycache__").exists()
