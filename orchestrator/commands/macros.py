"""The macros of the `command` key, as in W&B's sweeps: `${program}`, `${args}` and the like."""

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import PurePath

from ..errors import did_you_mean, nearest
from .values import FORMS

MACRO = re.compile(r"\$\{([^{}]*)\}")
LIST_MACROS = (
    "args",
    "args_no_hyphens",
    "args_no_boolean_flags",
    "args_no_equals",
    "args_append_hydra",
    "args_override_hydra",
)
"""Macros that become several arguments. They must be alone, and so must `args:` in some forms."""
TEXT_MACROS = (
    "env",
    "interpreter",
    "program",
    "logdir",
    "run_name",
    "run_dir",
    "args_json",
    "args_json_file",
)
PREFIXES = ("envvar", "param")
_OF_HYDRA = re.compile(r"(?:now|hydra|oc\.[a-z_]+):")
"""What Hydra replaces, as in `hydra.run.dir=out/${now:%Y-%m-%d}`. It is passed unchanged."""
NOT_PASSABLE = "cannot be passed to a process: it holds a NUL or half of a surrogate pair"
_KNOWN = (*LIST_MACROS, f"args:{','.join(FORMS)}", *TEXT_MACROS, "envvar:NAME", "param:NAME")
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "fish", "csh", "tcsh"))


def is_passable(text: str) -> bool:
    """Return whether a text can be passed to a process."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def replace_macros(text: str, value_of: Callable[[str], str]) -> str:
    """Return a text with each macro replaced. `value_of` receives the text in the braces."""
    return MACRO.sub(
        lambda match: match[0] if _OF_HYDRA.match(match[1]) else value_of(match[1]), text
    )


def is_list_macro(name: str) -> bool:
    """Return whether a macro becomes several arguments, given the text in its braces."""
    kind, colon, forms = name.partition(":")
    return name in LIST_MACROS or (
        kind == "args" and bool(colon) and all(form in FORMS for form in forms.split(","))
    )


def is_known_macro(name: str) -> bool:
    """Return whether a macro exists, given the text in its braces."""
    prefix, colon, rest = name.partition(":")
    return (
        is_list_macro(name)
        or name in TEXT_MACROS
        or (bool(colon) and prefix in PREFIXES and bool(rest))
    )


def passes_parameters(command: Sequence[str]) -> bool:
    """Return whether the command passes hyperparameters to the script."""
    return any(
        is_list_macro(name) or name.startswith(("args_json", "param:"))
        for part in command
        for name in MACRO.findall(part)
    )


def macro_problem(text: str) -> str | None:
    """Return what is wrong with the macros in a single argument, or None."""
    for name in MACRO.findall(text):
        if is_list_macro(name):
            return f"${{{name}}} becomes several arguments: make it an element of its own"
        prefix, colon, _ = name.partition(":")
        if prefix == "args" and colon:
            return f"${{{name}}}: after args: some of {', '.join(FORMS)}, joined by commas"
        if not is_known_macro(name) and not _OF_HYDRA.match(name):
            return f"unknown macro ${{{name}}}{_nearest(name)} (known: {_listed()})"
    return None


def macro_name_problem(
    text: str, hyperparameters: Collection[str], environment: Collection[str]
) -> str | None:
    """Return what is wrong with a macro that names something unknown, or None."""
    for macro in MACRO.findall(text):
        prefix, _, name = macro.partition(":")
        if prefix == "param" and name and name not in hyperparameters:
            hint = did_you_mean(name, hyperparameters)
            known = ", ".join(hyperparameters)
            return f"${{{macro}}} names no hyperparameter{hint} (known: {known})"
        if prefix == "envvar" and name and name not in environment:
            return (
                f"${{{macro}}}: the environment variable {name} is not set. Set it, even if empty"
            )
    return None


def command_problem(command: Sequence[str]) -> str | None:
    """Return what is wrong with a command, or None."""
    for element in command:
        if not is_passable(element):
            return f"{element!r} {NOT_PASSABLE}"
        macro = MACRO.fullmatch(element)
        if macro is not None and is_list_macro(macro[1]):
            continue
        if (problem := macro_problem(element)) is not None:
            return problem
    return _shell_problem(command)


def _shell_problem(command: Sequence[str]) -> str | None:
    """Return what is wrong if a shell would read hyperparameters as part of a text, or None."""
    shells = [n for n, element in enumerate(command) if PurePath(element).name in _SHELLS]
    for position in range(shells[0] + 1 if shells else len(command), len(command) - 1):
        is_flag = re.fullmatch(r"-\w*c", command[position])
        if is_flag and any(_is_value(name) for name in MACRO.findall(command[position + 1])):
            return (
                f"{command[position + 1]!r} would put hyperparameters into the text that a shell "
                'reads. Pass them behind it, and use "$@" or "$1" there: '
                '["bash", "-c", "train \\"$@\\"", "train", "${args}"]'
            )
    return None


def _is_value(macro: str) -> bool:
    return is_list_macro(macro) or macro == "args_json" or macro.startswith("param:")


def _nearest(name: str) -> str:
    found = nearest(name, _KNOWN)
    return "" if found is None else f", did you mean ${{{found}}}?"


def _listed() -> str:
    return ", ".join(f"${{{name}}}" for name in _KNOWN)
