"""Convert Markdown from a log to safe HTML: no scripts, no styles, no images, no forms.

markdown-it escapes HTML in the text. nh3 (ammonia) keeps only the elements listed here.
"""

import contextlib
import re
from html import escape
from typing import TYPE_CHECKING

import nh3

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MOST_CHARACTERS = 100_000
"""Of one text, and of all texts of an answer: what is full of marks takes a second to convert."""
_MOST_MARKS = 20_000
"""Text with more of them is shown unconverted. Each takes about 20 µs."""
_MARK = re.compile(r"[\[\]!*_`~|<>&\\#+\-\n]")
_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}


def render_markdown(text: str) -> tuple[str, bool]:
    """Return safe HTML, and whether the text was too long to show all of it."""
    is_cut = len(text) > MOST_CHARACTERS
    safe = nh3.clean(
        _convert(text[:MOST_CHARACTERS]),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return safe, is_cut


def _convert(text: str) -> str:
    if sum(1 for _ in _MARK.finditer(text)) <= _MOST_MARKS:
        with contextlib.suppress(RecursionError, ValueError):
            return str(_parser().render(text))
    return f"<pre>{escape(text)}</pre>"


def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # 60 modules, which most dashboards never need

    return MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20}).enable(
        ["table", "strikethrough"]
    )
