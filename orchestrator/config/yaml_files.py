"""Read YAML: numbers as W&B understands them, and mistakes that YAML itself does not report."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError, ConfigProblem
from .files import MOST_YAML_BYTES, read_text, why

_SCIENTIFIC = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+\Z")
_SCIENTIFIC_TAG = "!scientific"
_DATE_TAG = "tag:yaml.org,2002:timestamp"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_NOT_JSON = {
    "tag:yaml.org,2002:binary": "is binary data, which JSON cannot represent",
    "tag:yaml.org,2002:set": "is a set. Write a list",
    "tag:yaml.org,2002:omap": "is an ordered map. Write an object",
    "tag:yaml.org,2002:pairs": "is a list of pairs. Write an object",
}


class Scientific(float):
    """A number such as 1e-4 or 3e6, with its original text.

    YAML 1.1 reads it as a string. W&B's server, which reads YAML 1.2, reads it as a number.
    """

    text: str

    def __new__(cls, text: str) -> "Scientific":
        number = super().__new__(cls, text)
        number.text = text
        return number


class _Loader(yaml.SafeLoader):
    """YAML's safe types, and numbers in scientific notation."""


_Loader.add_implicit_resolver(_SCIENTIFIC_TAG, _SCIENTIFIC, list("-+.0123456789"))
_Loader.add_constructor(_SCIENTIFIC_TAG, lambda loader, node: Scientific(str(node.value)))


def is_scientific(text: str) -> bool:
    """Return whether a string is a number in scientific notation."""
    return _SCIENTIFIC.fullmatch(text) is not None


def as_number(value: Scientific) -> int | float:
    """Return the number that a script gets: 3000000 for 3e6, 0.0001 for 1e-4."""
    return int(value) if value.is_integer() else float(value)


def read_yaml(path: Path) -> Any:
    """Return the document in a file.

    Raises:
        ConfigError: it cannot be read, or has mistakes. All of them are named.
    """
    try:
        text = read_text(path, MOST_YAML_BYTES)
    except FileNotFoundError:
        raise ConfigError(str(path), [ConfigProblem("", "there is no such file")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [ConfigProblem("", f"cannot be read: {why(error)}")]) from None
    try:
        found, problems = _parse(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problems = [ConfigProblem("", f"is not valid YAML: {_explained(error, text)}")]
    if problems:
        raise ConfigError(str(path), problems)
    return found


def _explained(error: Exception, text: str) -> str:
    """Return YAML's message, with the line first."""
    mark = getattr(error, "problem_mark", None)
    if not isinstance(error, yaml.MarkedYAMLError) or mark is None:
        return str(error)
    if error.problem == "but found another document":
        return f"line {mark.line + 1}: --- begins another document. Keep one"
    line = text.splitlines()[mark.line : mark.line + 1]
    hint = ". Indent with spaces, not tabs" if line and "\t" in line[0][: mark.column + 1] else ""
    return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}{hint}"


def _parse(text: str) -> tuple[Any, list[ConfigProblem]]:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        problems = [] if node is None else list(_Walk().problems(node, ()))
        if node is None or problems:
            return None, problems
        return loader.construct_document(node), []
    finally:
        loader.dispose()


@dataclass
class _Walk:
    """A single pass over all nodes of a document."""

    seen: set[int] = field(default_factory=set)
    above: set[int] = field(default_factory=set)

    def problems(self, node: yaml.Node, path: tuple[str, ...]) -> Iterator[ConfigProblem]:
        key = ".".join(path)
        if id(node) in self.above:
            yield ConfigProblem(key, "contains itself")
        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        self.above.add(id(node))
        if node.tag == _DATE_TAG:
            yield ConfigProblem(key, f'is a date. Put it in quotes: "{node.value}"')
        elif node.tag in _NOT_JSON:
            yield ConfigProblem(key, _NOT_JSON[node.tag])
        if isinstance(node, yaml.MappingNode):
            yield from self._mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            for position, item in enumerate(node.value):
                yield from self.problems(item, (*path, str(position)))
        self.above.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[ConfigProblem]:
        lines: dict[str, int] = {}
        for key_node, value in node.value:
            if key_node.tag == _MERGE_TAG:
                continue
            name = str(key_node.value)
            place, line = ".".join((*path, name)), key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                yield ConfigProblem(".".join(path), f"line {line}: a key must be a string")
            elif key_node.tag != "tag:yaml.org,2002:str":
                what = _read_as(key_node)
                yield ConfigProblem(place, f'YAML reads this key as {what}. Write "{name}"')
            elif name in lines:
                yield ConfigProblem(
                    place, f"duplicate key, on lines {lines[name]} and {line}. Keep one"
                )
            lines.setdefault(name, line)
            yield from self.problems(value, (*path, name))


def _read_as(node: yaml.ScalarNode) -> str:
    kind = node.tag.rpartition(":")[2]
    return {"bool": "true or false", "int": "a number", "float": "a number", "null": "null"}.get(
        kind, "another type than text"
    )


def plain_json(value: Any) -> Any:
    """Return a value as JSON has it, with numbers in scientific notation as numbers."""
    if isinstance(value, Scientific):
        return as_number(value)
    if isinstance(value, list):
        return [plain_json(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain_json(item) for key, item in value.items()}
    return value
