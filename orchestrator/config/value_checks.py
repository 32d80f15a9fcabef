"""Check that names and values of hyperparameters can be passed to a script and written down."""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from ..commands.arguments import default_command
from ..commands.macros import NOT_PASSABLE, is_passable
from ..commands.values import as_text
from ..errors import ConfigProblem


def reserved_names(source: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that the command passes itself: `logdir`, if it has `--logdir`."""
    command = source.get("command")
    if not isinstance(command, list | tuple):
        command = default_command(source.get("metrics_from"))
    return frozenset(("logdir",)) if "--logdir" in str(command) else frozenset()


def passing_problems(source: Mapping[str, Any]) -> Iterator[ConfigProblem]:
    """Yield names and values that cannot be passed to a process, or that the journal could not
    hold."""
    hyperparameters = source.get("hyperparameters")
    if not isinstance(hyperparameters, Mapping):
        return
    reserved = reserved_names(source)
    for name, definition in hyperparameters.items():
        key = f"hyperparameters.{name}"
        yield from _name_problems(key, name, reserved)
        if not isinstance(definition, Mapping):
            continue
        yield from _value_problems(f"{key}.value", definition.get("value"))
        candidates = definition.get("candidates")
        for position, candidate in enumerate(candidates if isinstance(candidates, list) else ()):
            yield from _value_problems(f"{key}.candidates.{position}", candidate)


def _name_problems(key: str, name: str, reserved: frozenset[str]) -> Iterator[ConfigProblem]:
    if name in reserved:
        yield ConfigProblem(
            key,
            "this name is taken: --logdir is passed to every run, unless a command leaves it out",
        )
    elif not is_name(name):
        yield ConfigProblem(
            key,
            f"{show_value(name)} cannot be passed as --name=value: no spaces, no '=', "
            "no control characters, not empty, no leading dash",
        )


def is_name(text: str) -> bool:
    """Return whether `--text=value` would be read as this name."""
    return (
        bool(text)
        and not text.startswith("-")
        and not any(
            character.isspace()
            or character == "="
            or unicodedata.category(character) in ("Cc", "Cs")
            for character in text
        )
    )


def _value_problems(key: str, value: Any) -> Iterator[ConfigProblem]:
    if not _is_finite(value):
        yield ConfigProblem(key, f"must contain only finite numbers, got {show_value(value)}")
    elif not is_passable(as_text(value)):
        yield ConfigProblem(key, f"{show_value(value)} {NOT_PASSABLE}")


def _is_finite(value: Any) -> bool:
    """Return whether JSON can write the value: it has no NaN and no infinities."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    except TypeError:
        return True  # of a type that JSON lacks: reported elsewhere
    return True


def show_value(value: object) -> str:
    """Return a value as written in the file, shortened."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 80 else text[:77] + "…"
