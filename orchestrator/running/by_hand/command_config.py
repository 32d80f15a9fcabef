"""Read the settings in a command line, as far as possible: `--lr=0.1`, `--lr 0.1`, `lr=0.1`."""

import json
import re
from collections.abc import Sequence
from typing import Any

_FLAG = re.compile(r"--(?P<name>[A-Za-z_][\w.\-/]*)(?:=(?P<value>.*))?", re.DOTALL)
_OVERRIDE = re.compile(r"\+{0,2}(?P<name>[A-Za-z_][\w.\-/@]*)=(?P<value>.*)", re.DOTALL)


def command_config(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the settings in the arguments of a program.

    A name without a value is true. The last value of a repeated name counts. Numbers, true, false,
    lists and objects are read as JSON writes them, everything else is text.
    """
    config: dict[str, Any] = {}
    open_name: str | None = None
    for argument in arguments:
        if argument == "--":
            break
        flag = _FLAG.fullmatch(argument)
        found = flag or (_OVERRIDE.fullmatch(argument) if open_name is None else None)
        if found is not None:
            name, value = found["name"], found["value"]
            config[name] = True if value is None else _value(value)
            open_name = name if value is None else None
        elif open_name is not None:
            config[open_name] = _value(argument)
            open_name = None
    return config


def _value(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
