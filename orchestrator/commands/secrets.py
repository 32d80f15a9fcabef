"""Secrets that must not be written down: values of variables and arguments with telling names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ml_tracking_ops.logger.run_record import looks_secret

_VARIABLE = re.compile(r"\$\{envvar:([^{}]*)\}")


def replace_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration for writing: a secret is replaced by the variable that holds it.

    When the sweep is resumed, the value is taken from the environment. Addresses of `notify`
    contain passwords and are left out.
    """
    config = {key: value for key, value in config.items() if key != "notify"}
    environment = config.get("environment")
    if not isinstance(environment, Mapping):
        return config
    kept = {name: _without_value(str(name), value) for name, value in environment.items()}
    return {**config, "environment": kept}


def _without_value(name: str, value: Any) -> Any:
    is_secret = isinstance(value, str) and value != "" and looks_secret(name)
    return f"${{envvar:{name}}}" if is_secret and not _VARIABLE.fullmatch(value) else value


def holds_values(config: Mapping[str, Any]) -> bool:
    """Return whether a configuration holds values of variables whose names may not reveal
    secrets."""
    return bool(config.get("environment"))


def exposed_secrets(command: Sequence[str] | None, hyperparameters: Sequence[str]) -> Iterator[str]:
    """Yield the parts of a run's command line that look secret: every user of the machine could
    read them."""
    for element in command or ():
        yield from (name for name in _VARIABLE.findall(element) if looks_secret(name))
        name, equals, value = element.partition("=")
        is_plain = bool(equals and value) and not _VARIABLE.search(value)
        if is_plain and name.startswith("-") and looks_secret(name.lstrip("-")):
            yield name
    yield from (name for name in hyperparameters if looks_secret(name))


def exposure_warning(command: Sequence[str] | None, hyperparameters: Sequence[str]) -> str | None:
    """Return advice about secrets in a command line, or None."""
    found = list(dict.fromkeys(exposed_secrets(command, hyperparameters)))
    if not found:
        return None
    return (
        f"{', '.join(found)}: every user of the machine can read command lines in the list of "
        'processes. Pass secrets in "environment", which only you can read'
    )
