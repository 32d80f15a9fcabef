"""What people write in JSON that JSON does not have, named as what it is and with its line."""

import json
import re
from collections.abc import Iterator

_MOST = 10
_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<comment>//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<quotes>'(?:[^'\\\n]|\\.)*')"
    r"|(?P<comma>,(?=(?:\s|//[^\n]*\n|\#[^\n]*\n|/\*.*?\*/)*[}\]]))"
    r"|(?P<literal>\b(?:True|False|None)\b)",
    re.DOTALL,
)
_LITERALS = {"True": "true", "False": "false", "None": "null"}


def json_mistakes(text: str, error: json.JSONDecodeError) -> list[str]:
    """What is wrong in a text that is no JSON, each with its line; never empty."""
    found = [f"line {_line(text, position)}: {message}" for position, message in _familiar(text)]
    return found[:_MOST] or [_unfamiliar(text, error)]


def _familiar(text: str) -> Iterator[tuple[int, str]]:
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "comment":
                yield token.start(), "comments are not allowed in JSON; remove it"
            case "quotes":
                yield token.start(), f"JSON has double quotes: write {_double(token[0])}"
            case "comma":
                yield token.start(), "the comma before a closing bracket is not allowed; remove it"
            case "literal":
                yield token.start(), f"write {_LITERALS[token[0]]}, not {token[0]}"


def _unfamiliar(text: str, error: json.JSONDecodeError) -> str:
    before = text[: error.pos].rstrip()
    if error.msg.startswith("Expecting ',' delimiter") and before:
        return f"line {_line(text, len(before) - 1)}: a comma is missing at the end"
    if not before and not text.strip():
        return "the file is empty"
    return f"is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _double(quoted: str) -> str:
    return json.dumps(quoted[1:-1].replace("\\'", "'"), ensure_ascii=False)
