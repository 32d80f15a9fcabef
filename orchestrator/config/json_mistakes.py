"""Common mistakes in JSON, each explained with its line."""

import json
import re
from collections.abc import Iterator

_MOST = 10
_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\\n]|\\.)*")'
    r"|(?P<comment>//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<quotes>'(?:[^'\\\n]|\\.)*')"
    r"|(?P<curly>[“”„‟‘’«»][^“”„‟‘’«»\n]*[“”„‟‘’«»])"
    r"|(?P<comma>,(?=(?:\s|//[^\n]*\n|\#[^\n]*\n|/\*.*?\*/)*[}\]]))"
    r"|(?P<key>\b[A-Za-z_$][\w$-]*(?=\s*:))"
    r"|(?P<literal>\b(?:True|False|None)\b)"
    r"|(?P<number>(?<![\w.+-])(?:\+[\d.]+|-?\.\d+|-?\d+\.(?![\d])|-?0\d+(?:\.\d+)?))"
    r"|(?P<open>[{\[])|(?P<close>[}\]])",
    re.DOTALL,
)
_LITERALS = {"True": "true", "False": "false", "None": "null"}
_YES_OR_NO = {
    **dict.fromkeys(("true", "yes", "on"), "true"),
    **dict.fromkeys(("false", "no", "off"), "false"),
    **dict.fromkeys(("none", "null", "nil", "undefined"), "null"),
}
_WORD = re.compile(r"\(|[^\W\d][\w./-]*")
_NUMBER_BEFORE = re.compile(r"(?<![\w\"])[-+]?\d[\d.eE+-]*$")
_GLUED = re.compile(r"[\w/*^%][^\s,}\]]*")
_FOLLOWING = re.compile(r'"[^"]{0,40}"|[{\[]')
_PAIRS = {"{": "}", "[": "]"}


def json_mistakes(text: str, error: json.JSONDecodeError) -> list[str]:
    """Return what is wrong in a text that is not JSON, each mistake with its line. Never empty."""
    found = [
        f"line {_line(text, position)}: {message}" for position, message in _common_mistakes(text)
    ]
    return found[:_MOST] or [_unfamiliar(text, error)]


def _common_mistakes(text: str) -> Iterator[tuple[int, str]]:
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "comment":
                yield token.start(), "comments are not allowed in JSON. Remove it"
            case "quotes":
                yield token.start(), f"JSON needs double quotes: write {_double(token[0])}"
            case "curly":
                yield token.start(), f"JSON needs straight quotes: write {_double(token[0])}"
            case "comma":
                yield token.start(), "the comma before a closing bracket is not allowed. Remove it"
            case "key":
                yield token.start(), f'a key needs double quotes: write "{token[0]}"'
            case "literal":
                yield token.start(), f"write {_LITERALS[token[0]]}, not {token[0]}"
            case "number":
                yield token.start(), f"write {_number(token[0])}, not {token[0]}"


def _unfamiliar(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "the file is empty"
    if (mistake := _unbalanced(text)) is not None:
        return mistake
    before = text[: error.pos].rstrip()
    after = text[error.pos : error.pos + 1]
    if error.msg.startswith("Expecting ':' delimiter") and after == "=":
        return f"line {_line(text, error.pos)}: between a key and its value write :, not ="
    if error.msg.startswith("Expecting ',' delimiter") and after == ";":
        return f"line {_line(text, error.pos)}: write a comma, not ;"
    if error.msg.startswith("Expecting ',' delimiter") and before:
        return f"line {_line(text, len(before) - 1)}: {_between(before, text[len(before) :])}"
    if error.msg.startswith("Expecting value") and (word := _WORD.match(text, error.pos)):
        return f"line {_line(text, error.pos)}: {_no_value(word[0])}"
    if error.msg == "Extra data":
        return f"line {_line(text, error.pos)}: nothing may follow the object"
    return f"is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"


def _between(before: str, rest: str) -> str:
    """Explain what is wrong at the place of a comma or a closing bracket."""
    number, glued = _NUMBER_BEFORE.search(before), _GLUED.match(rest)
    if number and glued:
        written = number[0] + glued[0]
        plain = written.replace("_", "")
        meant = f"write {plain}" if plain.isdecimal() else "write the number itself"
        return f"{written} is not a JSON number: {meant}"
    follows = rest.split("\n")[0].strip()
    found = _FOLLOWING.match(follows)
    return f"a comma is missing before {found[0]}" if found else "a comma is missing at the end"


def _no_value(word: str) -> str:
    if word == "(":
        return "a list needs square brackets: write [, not ("
    if (meant := _YES_OR_NO.get(word.lower())) is not None:
        return f"write {meant}, not {word}"
    return f'{word} is not a JSON value. A text needs double quotes: write "{word}"'


def _unbalanced(text: str) -> str | None:
    """Return a bracket without its counterpart, or None."""
    opened: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "open":
            opened.append((token[0], _line(text, token.start())))
        elif token.lastgroup == "close":
            line = _line(text, token.start())
            if not opened:
                return f"line {line}: {token[0]} closes nothing. Remove it"
            bracket, begun = opened.pop()
            if _PAIRS[bracket] != token[0]:
                return (
                    f"line {line}: {token[0]} closes the {bracket} of line {begun}, which needs "
                    f"{_PAIRS[bracket]}"
                )
    if opened:
        bracket, begun = opened[-1]
        return f"the {bracket} of line {begun} is never closed: a {_PAIRS[bracket]} is missing"
    return None


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _double(quoted: str) -> str:
    return json.dumps(quoted[1:-1].replace("\\'", "'"), ensure_ascii=False)


def _number(written: str) -> str:
    """Return a number as JSON writes it: 0.5 for .5, 5.0 for 5., 7 for 07 and +7."""
    number = float(written)
    return f"{number:g}" if "." in written else str(int(number))
