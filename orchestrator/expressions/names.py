"""Names in constraints that are not Python identifiers: `optim.lr`, `batch-size`, `lambda`."""

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable

_WORDS = frozenset(("and", "or", "not", "in", "is", "if", "else", "True", "False", "None"))
"""The keywords of expressions."""
_TEXT = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""


def with_identifiers(text: str, names: Collection[str]) -> tuple[str, dict[str, str]]:
    """Return the expression with an identifier for each such name, and the name of each identifier.

    A name counts as a whole: if there is a hyperparameter `batch-size`, then `batch-size` refers to
    it, and `batch - size` is a difference.
    """
    special = sorted(_special(names), key=len, reverse=True)
    if not special:
        return text, {}
    prefix = "name_"
    while prefix in text:
        prefix += "_"
    identifiers = {name: f"{prefix}{position}" for position, name in enumerate(special)}
    pattern = rf"{_TEXT}|(?<![\w.])(?P<name>{'|'.join(map(re.escape, special))})(?!\w)"
    replaced = re.sub(pattern, lambda found: identifiers.get(found[0], found[0]), text)
    return replaced, {identifier: name for name, identifier in identifiers.items()}


def _special(names: Iterable[str]) -> list[str]:
    return [
        name
        for name in names
        if re.match(r"[^\W\d]", name)
        and name not in _WORDS
        and not (
            name.isidentifier()
            and not keyword.iskeyword(name)
            and unicodedata.normalize("NFKC", name) == name  # as Python reads identifiers
        )
    ]
