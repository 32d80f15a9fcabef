"""Numbers as programs print them: `0.5`, `1e-3`, `12,345`, `[15.]`, `tensor(0.5, device='cuda:0')`.

A number is taken whole or not at all: one that is cut at an unexpected character is a wrong value,
which is worse than none.
"""

import re
from typing import NamedTuple

NUMBER = (
    r"[-+]?(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?(?!\d)"  # digits in groups of three
    r"|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|(?i:nan|inf(?:inity)?))"
)
_WHOLE_NUMBER = re.compile(NUMBER)
_CALL = r"[\w.]*(?:[tT]ensor|[aA]rray|Parameter|float\d*|int\d*)\([ \t]*"
_TENSORFLOW = r"<tf\.Tensor: shape=\(\d*,?\), dtype=\w+, numpy="
_VALUE = re.compile(
    rf"[ \t]*(?P<quote>['\"]?)(?:(?=[^\W\d]|<)(?P<call>{_CALL}|{_TENSORFLOW}))?"
    rf"(?P<brackets>\[{{0,4}})[ \t]*"
    rf"(?P<number>{NUMBER})"
)
_BRACKET = re.compile(r"[ \t]*\]")
_CALL_END = re.compile(r"[ \t]*(?:,(?:[^()]|\([^()]*\)){0,200}|\.\.\.)?[)>]")
# a unit, a version, a list, a time or a line number, a range, a date
_GOES_ON = re.compile(r"[\w.]*\w|,\d|:\d|-\w|/\d+/")
_PROGRESS_BAR = re.compile(
    r"%(?:\||[ \t]*(?:\|[ \t]*[#=>|\u2500-\u259f]|[\[#=>\u2500-\u259f]|complete|done))"
)
_CUT_BEFORE = re.compile(r"\d[.,]?$|[.]$")
_CUT_AFTER = re.compile(r"\d|[.,]\d|[eE][-+]?\d")


class ParsedNumber(NamedTuple):
    """A value found in a line.

    Attributes:
        text: the number as it was printed.
        end: where the rest of the line begins.
        is_attached: whether the number follows the separator without a space.
    """

    number: float
    text: str
    end: int
    is_attached: bool


def parse_number(text: str) -> float | None:
    """Parse a text that is a number as a whole. Returns None if it is not."""
    text = text.strip()
    if "," in text:
        if _WHOLE_NUMBER.fullmatch(text) is None:
            return None
        text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None


def is_cut(line: str, start: int, end: int) -> bool:
    """Return whether `line[start:end]` is a part of a longer number, as 12 is of 12,345 or 1 of
    1e-5."""
    before = line[max(0, start - 2) : start]
    return bool(_CUT_BEFORE.search(before) or _CUT_AFTER.match(line, end))


def value_at(line: str, start: int) -> ParsedNumber | None:
    """Parse the value at a place of a line, or return None if there is none. `3/10` is 3."""
    found = _VALUE.match(line, start)
    if found is None:
        return None
    end = _end_of_value(line, found)
    number = parse_number(found["number"])
    if end is None or number is None:
        return None
    return ParsedNumber(number, found["number"], end, found.start("number") == start)


def _end_of_value(line: str, found: re.Match[str]) -> int | None:
    end = found.end()
    for _ in found["brackets"]:
        closing = _BRACKET.match(line, end)
        if closing is None:
            return None
        end = closing.end()
    if found["call"]:
        closing = _CALL_END.match(line, end)
        if closing is None:
            return None
        end = closing.end()
    elif _PROGRESS_BAR.match(line, end) or _GOES_ON.match(line, end):
        return None
    if found["brackets"] and line.startswith("[", end):  # [3][10/500]: places, not values
        return None
    if found["quote"]:
        return end + 1 if line.startswith(found["quote"], end) else None
    return end
