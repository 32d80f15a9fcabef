"""The generated pages of the reference are as the code says."""

import runpy

import pytest
from places import ROOT

from ml_tracking_ops.orchestrator.cli.process import EXIT_CODES

PAGES: dict[str, str] = runpy.run_path(str(ROOT / "scripts" / "reference_pages.py"))["pages"]()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_as_it_was_written(name: str) -> None:
    """If this fails: scripts/write-reference."""
    page = ROOT / "docs" / "reference" / name
    assert page.read_text(encoding="utf-8") == PAGES[name]


@pytest.mark.parametrize("code", EXIT_CODES)
def test_exit_code_is_documented(code: int) -> None:
    text = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    assert f"| {code} | {EXIT_CODES[code]} |" in text
