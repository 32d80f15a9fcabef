"""Pairs of a name and a value in a line of text: `epoch 3 - Test loss: 0.5, Acc@1: 70.1`."""

import builtins
import re
from collections.abc import Iterator
from functools import lru_cache

from .numbers import ParsedNumber, value_at

STEP = "step"
_SEPARATORS = {":": re.compile(r":(?![:/])"), "=": re.compile(r"(?<![=<>!+*/:-])=(?!=)")}
_LONGEST_NAME = 200
_MOST_WORDS = 6
_ABBREVIATIONS = frozenset(
    ("val", "valid", "avg", "acc", "max", "min", "std", "num", "tot", "prec", "rec", "eval", "reg")
)
_AS_WRITTEN = sorted({way(w) for w in _ABBREVIATIONS for way in (str, str.capitalize, str.upper)})
_END_OF_SENTENCE = "".join(rf"(?<!\b{word})" for word in _AS_WRITTEN) + r"\.\s"
_BOUNDARY = re.compile(rf"[,;|\t{{}}=>\"!?*•–—]|:\s|\s\s|\s-+\s|\d\]|\]\s|{_END_OF_SENTENCE}")
_WORD_PATTERN = (
    r"[^\W\d](?:[\w./'’+-]|@\w+(?:\.\d+)?(?::\d+(?:\.\d+)?)?|\([^()]*\)|\[[^\W\d][\w-]*\])*%?"
)
_WORD = re.compile(_WORD_PATTERN)
_LAST_WORD = re.compile(rf"(?<![\w./@]){_WORD_PATTERN}$")
_TOKEN = re.compile(r"\([^()]*\)|\S+")
_COUNTER = re.compile(r"(?i:epoch|step|iter|iteration|batch|fold|round|trial|run)[_#-]?\d+")
_LEVELS = frozenset(("DEBUG", "INFO", "NOTE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL"))
_WARNING_LINE = re.compile(
    r"\bWARN(?:ING)?\b|\b[A-Z]\w*Warning\b|^\s*[Ww]arning\b|\bwarnings\.warn\("
)
_SOURCE_FILE = re.compile(
    r"\.(?:py[xi]?|c|cc|cpp|cxx|cu|cuh|h|hpp|go|rs|js|ts|java|jl|ipynb|sh|so|ya?ml|json|txt)$"
)
_TASK = re.compile(r"(?i)(?:ing|progress|complete|done)$")
"""A percentage of progress: `Downloading: 45%`."""
_SHARES = frozenset(
    ("acc", "accuracy", "precision", "recall", "rate", "ratio", "share", "fraction")
)
_WHOLE = re.compile(r"[ \t]*/[ \t]*(\d+)(?![\w./])")
_COUNTS = re.compile(r"[ \t]*\([ \t]*\d+[ \t]*/[ \t]*\d+")
"""A count behind a percentage: `Evaluated: 45% (9/20)`."""
_DEVICES = frozenset(("cuda", "cpu", "gpu", "mps", "xpu", "npu", "hpu", "tpu", "hip"))
_FIRST_FREE_PORT = 1024


def find_pairs(line: str, separator: str) -> Iterator[tuple[str, float]]:
    """Yield the metrics of a line, in order, or none in a line that is a warning.

    Args:
        separator: `:` or `=`.
    """
    if _WARNING_LINE.search(line):
        return
    taken = 0
    for found in _SEPARATORS[separator].finditer(line):
        if found.start() < taken:
            continue
        value = value_at(line, found.end())
        if value is None:
            continue
        name = _name_before(line[max(taken, found.start() - _LONGEST_NAME) : found.start()])
        if name is not None and _is_metric(name, value, line):
            taken = value.end
            yield name, _share(name, value, line)


def _share(name: str, value: ParsedNumber, line: str) -> float:
    """Return the value, as a share of 1 if it is a count of all: `Accuracy: 9890/10000 (99%)`.

    Only names of rates are shares. Others are counts: `Epoch: 3/10` and `correct: 9890/10000`.
    """
    whole = _WHOLE.match(line, value.end)
    if whole is None or not 0 <= value.number <= int(whole[1]) or whole[1].strip("0") == "":
        return value.number
    return value.number / int(whole[1]) if _is_share(name) else value.number


def _is_share(name: str) -> bool:
    return not _SHARES.isdisjoint(re.findall(r"[a-z]+", name.lower()))


@lru_cache(maxsize=4096)
def _name_before(text: str) -> str | None:
    """Return the name at the end of a text, with all its words, or None."""
    text = text.rstrip(" \t")
    if text[-1:] in ("'", '"'):
        return _quoted_name(text)
    parts = _BOUNDARY.split(text)
    words: list[str] = []
    for token in reversed(_TOKEN.findall(parts[-1])):
        is_whole = _is_word(token, is_last=not words)
        word = token if is_whole else _last_word(token)
        if word is not None:
            words.insert(0, word)
        if not is_whole:
            break
    if not words or len(words) > _MOST_WORDS or words[0].startswith("("):
        return None
    return " ".join(words)


def _quoted_name(text: str) -> str | None:
    start = text.rfind(text[-1], 0, len(text) - 1)
    if start < 0 or (start > 0 and text[start - 1].isalnum()):
        return None
    return text[start + 1 : -1].strip() or None


def _is_word(token: str, *, is_last: bool) -> bool:
    if token.startswith("(") and token.endswith(")"):
        return True
    if token in _LEVELS or _COUNTER.fullmatch(token) or _WORD.fullmatch(token) is None:
        return False
    is_abbreviated = token.endswith(".") and token[:-1].lower() in _ABBREVIATIONS
    return is_last or is_abbreviated or not token.endswith((".", "-"))


def _last_word(token: str) -> str | None:
    """Return the word at the end of a token, such as `loss` in `[7]loss` and `(avg` in
    `0.5(avg`."""
    if token in _LEVELS or _COUNTER.fullmatch(token):
        return None
    found = _LAST_WORD.search(token)
    return None if found is None else found[0]


def _is_metric(name: str, value: ParsedNumber, line: str) -> bool:
    if name in _LEVELS or name.lower() == "warning" or _is_exception(name):
        return False
    if value.text.isdecimal() and line.startswith("%", value.end):
        counts = _COUNTS.match(line, value.end + 1) and not _is_share(name)
        if counts or _TASK.search(name):
            return False
    if not value.is_attached:
        return True
    if line.startswith(":", value.end):  # train.py:45: error; mAP@0.5:0.95: 0.6
        return False
    last_word = name.rpartition(" ")[2]
    is_port = ("." in last_word or last_word == "localhost") and value.number >= _FIRST_FREE_PORT
    is_place = is_port or last_word.lower() in _DEVICES or _SOURCE_FILE.search(name) is not None
    return not (is_place and value.text.isdecimal())


def _is_exception(name: str) -> bool:
    known = getattr(builtins, name, None)
    return isinstance(known, type) and issubclass(known, BaseException)
