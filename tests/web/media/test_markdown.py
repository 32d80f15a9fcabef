"""Markdown of strangers: whatever is written, only harmless elements come out."""

import re
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.web.media.markdown import render_markdown

TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "a"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
SCHEME = re.compile(r"[\x00-\x20]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
"""The scheme of an absolute address, as browsers find it: without one, an address is relative."""
ATTRIBUTES = {"a": {"href", "title", "target", "rel"}, "ol": {"start"}}


class Checker(HTMLParser):
    """Fails on an element, an attribute or an address that could do something."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set()), (tag, name)
            if name == "href":
                scheme = SCHEME.match(value or "")
                assert scheme is None or scheme[1].lower() in ("http", "https", "mailto"), value
        if tag == "a":
            assert dict(attrs)["rel"] == "noopener noreferrer nofollow"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)


def check(text: str) -> str:
    html, _ = render_markdown(text)
    checker = Checker(convert_charrefs=True)
    checker.feed(html)
    checker.close()
    return html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=x>b</b> <!-- c --> <?php x ?> <![CDATA[x]]> <!DOCTYPE x>",
        "[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(1)) [c](java\tscript:alert(1))",
        "[a](&#106;avascript:alert(1)) [b](<java script:alert(1)>) [c]( javascript:alert(1))",
        "[a](data:text/html,x) [b](vbscript:x) [c](file:///etc/passwd) [d](%6aavascript:x)",
        "[a]\n\n[a]: javascript:alert(1)",
        "<javascript:alert(1)> <data:text/html,x>",
        '![x](javascript:alert(1)) ![x"onerror=alert(1)](http://a/b.png) ![<script>](x)',
        '[a](http://x "t" onclick="alert(1)")',
        '```"><script>alert(1)</script>\nx\n```',
        "~~~ x onclick=y\nx\n~~~",
        "| a |\n|:-:|\n| <script> |",
        "# x {#id .class onclick=y}",
        "\x00<\x00script>alert(1)</script>",
    ],
)
def test_text_that_tries_to_do_something_is_only_shown(text: str) -> None:
    check(text)


_PARTS = st.sampled_from(
    [
        *("[", "]", "(", ")", "<", ">", "!", '"', "'", "`", "~", "\n", "\n\n", " ", "|", "\\"),
        *("javascript:", "&#58;", "&colon;", "data:", "http://", "//", "a", "script", "img src=x"),
        *("onerror=x", "|-|", "```", "#", "- ", "1. ", "> ", "&", ";", "\t", "\x00", "%3A", ":"),
    ]
)


@given(st.lists(_PARTS | st.text(max_size=3), max_size=30).map("".join))
def test_any_text_is_harmless(text: str) -> None:
    check(text)


def test_what_markdown_is_for_is_kept() -> None:
    html = check('# A\n\n**b** ~~c~~ `d`\n\n3. e\n\n![f](g.png)\n\n[h](https://i.org "j")')
    for part in (
        "<h1>A</h1>",
        "<strong>b</strong>",
        "<s>c</s>",
        "<code>d</code>",
        '<ol start="3">',
    ):
        assert part in html
    assert '<a href="https://i.org" title="j" target="_blank"' in html


@pytest.mark.parametrize("mark", ["[", "![", "- a\n", "a|", "*a ", "\\", "&", "a\n"])
def test_text_of_nothing_but_marks_is_shown_unconverted(mark: str) -> None:
    text = (mark * 100_000)[:100_000]
    html = check(text)
    assert html == f"<pre>{escape(text, quote=False)}</pre>"


def test_long_text_with_some_marks_is_converted() -> None:
    html = check("- **bold** and `code` and [a link](https://a.org) and more words\n" * 1_500)
    assert html.count("<strong>bold</strong>") == 1_500
