"""Markdown from a log → HTML that can do nothing: no scripts, no styles, no images, no forms.

markdown-it escapes HTML in the text. nh3 (ammonia) lets through the elements named here alone.
"""

from html import escape

import nh3
from markdown_it import MarkdownIt

_MOST_BYTES = 100_000
_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}


def render_markdown(text: str) -> tuple[str, bool]:
    """Safe HTML, and whether the text was too long to show all of it."""
    is_cut = len(text) > _MOST_BYTES
    text = text[:_MOST_BYTES]
    try:
        html = _parser().render(text)
    except (RecursionError, ValueError):
        html = f"<pre>{escape(text)}</pre>"
    safe = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return safe, is_cut


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20}).enable(
        ["table", "strikethrough"]
    )
