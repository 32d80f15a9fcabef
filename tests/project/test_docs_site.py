"""The checker of the built site finds what a reader would stumble over."""

import sys
from pathlib import Path

from places import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import docs_site


def test_site_without_mistakes_has_no_problems(tmp_path: Path) -> None:
    (tmp_path / "style.css").touch()
    (tmp_path / "a.html").write_text(
        '<link href="style.css"><h1 id="top"></h1><a href="b.html#x y">b</a><a href="#top">t</a>'
        '<a href="https://example.org">outside</a>'
    )
    (tmp_path / "b.html").write_text('<h1 id="x y"></h1>')
    assert list(docs_site.problems(tmp_path)) == []


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="gone.html">g</a><a href="#gone">h</a>')
    assert list(docs_site.problems(tmp_path)) == [
        "a.html links to gone.html: no such file",
        "a.html links to #gone: no such heading",
    ]


def test_files_from_elsewhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<script src="https://cdn.example.org/x.js"></script>')
    assert list(docs_site.problems(tmp_path)) == [
        "a.html loads https://cdn.example.org/x.js, which is not in the site"
    ]


def test_text_for_agents_names_every_page(tmp_path: Path) -> None:
    sources = tmp_path / "_sources" / "howto"
    sources.mkdir(parents=True)
    (sources / "one.md.txt").write_text("# One `thing`\n")
    text = docs_site.llms_text(tmp_path)
    assert "- [One thing](_sources/howto/one.md.txt)" in text
    assert "ml-tracking-ops wait NAME" in text
