"""Files, folders, modules, links and headings that the documentation names exist."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import ROOT

from ml_tracking_ops.logger.paths import ORCHESTRATOR_LOG_NAME

FOLDERS = ("benchmarks", "docs", "fuzz", "logger", "orchestrator", "scripts", "tests", "web")
WITHIN = ("", "logger", "orchestrator", "web", "web/static", "web/static/charts", "web/templates")
"""Where a path in ARCHITECTURE.md may begin."""
DOCUMENTS = [
    *(name + ".md" for name in ("ARCHITECTURE", "CONTRIBUTING", "README", "benchmarks/README")),
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")),
]
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]*))?\)")


def text_of(document: str | Path) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def words_of(document: str) -> Iterator[str]:
    """Every word that is set as code, outside of examples."""
    text = re.sub(r"```.*?```", "", text_of(document), flags=re.DOTALL)
    for code in _CODE.findall(text):
        yield from code.split()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documented_paths_exist(document: str) -> None:
    for word in words_of(document):
        if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./-]*", word) and "/." not in word:
            assert (ROOT / word).exists(), f"{document} names {word}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documented_modules_and_objects_exist(document: str) -> None:
    for word in words_of(document):
        if (
            re.fullmatch(r"(logger|orchestrator|web)(\.\w+)+", word)
            and word != ORCHESTRATOR_LOG_NAME
        ):
            assert resolves(f"ml_tracking_ops.{word}"), f"{document} names {word}"


def resolves(name: str) -> bool:
    """Whether a dotted name is that of a module, or of something in a module."""
    parent, _, last = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return hasattr(importlib.import_module(parent), last)
    return True


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "docs/internals.md"])
def test_architecture_names_existing_files_and_rooms(document: str) -> None:
    """Also in short, as `connections.py` or `store/`."""
    names = {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")}
    for word in words_of(document):
        if re.fullmatch(r"[\w./-]+\.(py|js|html|css)", word):
            is_there = any((ROOT / place / word).is_file() for place in WITHIN) or word in names
            assert is_there, f"{document} names {word}"
        elif re.fullmatch(r"[a-z_/]+/", word) and word != "requests/":  # a folder of a sweep
            is_there = any((ROOT / place / word).is_dir() for place in WITHIN)
            assert is_there, f"{document} names {word}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings(document: str) -> None:
    for target, heading in _LINK.findall(text_of(document)):
        if "://" in target:
            continue
        path = (ROOT / document).parent / target if target else ROOT / document
        assert path.exists(), f"{document} links to {target}"
        if heading:
            assert heading in headings_of(path), f"{document} links to {target}#{heading}"


def headings_of(path: Path) -> set[str]:
    """The headings of a page as GitHub makes addresses of them."""
    titles = re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_of_the_documentation_is_in_its_navigation() -> None:
    """A new page needs a line in a `toctree` of docs/index.md, howto/ or reference/index.md."""
    listed = {ROOT / "docs" / "index.md"}
    for path in (ROOT / "docs").rglob("*.md"):
        for tree in re.findall(r"```{toctree}\n(.*?)```", text_of(path), re.DOTALL):
            names = [line for line in tree.split() if not line.startswith(":")]
            listed |= {(path.parent / f"{name}.md").resolve() for name in names}
    assert set((ROOT / "docs").rglob("*.md")) <= listed
