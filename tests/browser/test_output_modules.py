"""ES modules that show what a run printed, without a page around them."""

import pytest
from modules import call
from playwright.sync_api import Page


def lines(page: Page, *texts: str) -> list[str]:
    found: list[str] = page.evaluate(
        """async (texts) => {
            const { OutputText } = await import("/static/output/text.js");
            const output = new OutputText();
            for (const text of texts) output.write(text);
            return output.lines.map((line) => line.map((cell) => cell.char).join(""));
        }""",
        list(texts),
    )
    return found


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["a\nb"], ["a", "b"]),
        (["10%\r20%\r100%\n"], ["100%", ""]),
        (["loading\rok\x1b[K\n"], ["ok", ""]),
        (["abc\r\ndef"], ["abc", "def"]),
        (["\x1b[3", "2mgreen\x1b[", "0m!"], ["green!"]),
        (["one\ntwo\n\x1b[2A\x1b[2KONE\n"], ["ONE", "two", ""]),
        (["ab\bc"], ["ac"]),
        (["\x1b]0;title\x07text\x1b(B"], ["text"]),
        (["tab\tend"], ["tab\tend"]),
        (
            ["\router 0%", "\n\rinner 0%\x1b[A", "\n\rinner 9%\x1b[A", "\router 5%"],
            ["outer 5%", "inner 9%"],
        ),
        (["one\ntwo\nthree\x1b[2A\r\x1b[J1"], ["1", "", ""]),
    ],
)
def test_output_reads_as_in_a_terminal(
    modules: Page, texts: list[str], expected: list[str]
) -> None:
    assert lines(modules, *texts) == expected


@pytest.mark.parametrize(
    ("before", "codes", "style"),
    [
        ("", "1;31", "bold fg=red"),
        ("bold fg=red", "22;39", ""),
        ("bold", "0", ""),
        ("bold", "", ""),
        ("", "92;41", "bg=red fg=bright-green"),
        ("", "38;5;9", "fg=bright-red"),
        ("", "38;5;196;4", "fg=rgb(255,0,0) underline"),
        ("", "48;5;244", "bg=rgb(128,128,128)"),
        ("", "38;2;1;2;3;1", "bold fg=rgb(1,2,3)"),
        ("", "38:2::1:2:3", "fg=rgb(1,2,3)"),
        ("fg=red", "38;2;999;0;0", "fg=red"),
        ("", "7", "inverse"),
    ],
)
def test_colours_of_the_output_are_kept(modules: Page, before: str, codes: str, style: str) -> None:
    assert call(modules, "output/ansi", "restyled", before, codes) == style


def test_output_knows_the_byte_at_which_each_line_begins(modules: Page) -> None:
    begins = modules.evaluate(
        r"""async () => {
            const { OutputText } = await import("/static/output/text.js");
            const output = new OutputText(100, 2);
            output.write("\x1b[1mGröße\n");
            const first = output.lastStart;
            output.write("✓😀\nend");
            return [first, output.start, output.lastStart];
        }"""
    )
    assert begins == [112, 112, 120]


def test_output_keeps_its_newest_lines_only(modules: Page) -> None:
    kept = lines(modules, "".join(f"{n}\n" for n in range(5000)))
    assert len(kept) == 2000
    assert kept[-2:] == ["4999", ""]
