"""Complete a built documentation site: check its links, and write `llms.txt` for agents.

`python scripts/docs_site.py build/docs`
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parent.parent
_LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src"}


class Page(HTMLParser):
    """The links of a page, the files it loads, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors = {""}
        self.title = ""
        self._is_in_title = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        address = given.get(_LOADED.get(tag, ""))
        if address is not None:
            self.loaded.append(address)
        self._is_in_title = tag == "title"

    def handle_data(self, data: str) -> None:
        if self._is_in_title and not self.title:
            self.title = data.partition(" - ")[0].strip()


def problems(site: Path) -> Iterator[str]:
    """Yield links that lead nowhere, and files that are not in the site: it must work offline."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        where = path.relative_to(site)
        for address in page.loaded:
            if urlsplit(address).netloc:
                yield f"{where} loads {address}, which is not in the site"
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                yield f"{where} links to {address}: no such file"
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{where} links to {address}: no such heading"


def llms_text(site: Path) -> str:
    """Return the introduction for agents, and a list of all pages as plain Markdown."""
    head = (ROOT / "docs" / "llms.txt").read_text(encoding="utf-8").rstrip()
    sources = site / "_sources"
    lines = [
        f"- [{_title(path)}](_sources/{path.relative_to(sources).as_posix()})"
        for path in sorted(sources.rglob("*.md.txt"))
    ]
    return "\n".join([head, "", "## Pages", "", *lines, ""])


def _title(path: Path) -> str:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:].replace("`", "")
    return path.stem


def main() -> int:
    site = Path(sys.argv[1]).resolve()
    (site / "llms.txt").write_text(llms_text(site), encoding="utf-8")
    found = list(problems(site))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
