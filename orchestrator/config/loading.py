"""Configuration files: `experiment_cfg.json` and W&B sweep files."""

import contextlib
import json
import os
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConfigProblem, did_you_mean
from .files import read_text, why
from .validation import LoadedConfig, validate_config
from .value_checks import show_value

_YAML_SUFFIXES = (".yaml", ".yml")
_OTHER_FORMATS = {
    ".toml": "is TOML. A configuration is JSON or YAML",
    ".py": "is a script. A sweep needs a configuration, which names the script",
}


def load_config(path: Path) -> LoadedConfig:
    """Read and validate a configuration file: ours, or a W&B sweep file (`.yaml`).

    Raises:
        ConfigError: the file is missing, is no JSON, or has mistakes. All of them are named.
    """
    if path.suffix.lower() in _YAML_SUFFIXES:
        return _load_yaml(path)
    if path.suffix.lower() in _OTHER_FORMATS and path.is_file():
        raise ConfigError(str(path), [ConfigProblem("", _OTHER_FORMATS[path.suffix.lower()])])
    try:
        text = read_text(path)
    except FileNotFoundError:
        raise ConfigError(str(path), [ConfigProblem("", _missing(path))]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [ConfigProblem("", f"cannot be read: {why(error)}")]) from None
    source = _parse_json(str(path), text)
    if {"method", "parameters"} <= source.keys() and "hyperparameters" not in source:
        from .wandb.sweep import convert_wandb_sweep

        return convert_wandb_sweep(source, path)  # JSON is YAML: W&B accepts it too
    return validate_config(source, path.resolve().parent, str(path), path.resolve())


def _missing(path: Path) -> str:
    """Explain what to do about a missing configuration. Others may be beside it."""
    with contextlib.suppress(OSError):
        beside = sorted(
            name
            for name in os.listdir(path.parent)  # noqa: PTH208  (names alone)
            if name.endswith(_YAML_SUFFIXES) and name.startswith((path.stem, "sweep"))
        )
        if beside:
            other = shlex.quote(str(path.with_name(beside[0])))
            return f"there is no such file, but there is {beside[0]}: ml-tracking-ops sweep {other}"
        names = [name for name in os.listdir(path.parent) if name.endswith(".json")]  # noqa: PTH208
        if hint := did_you_mean(path.name, names):
            return f"there is no such file{hint}"
    return (
        f"there is no such file. A sweep is described by a file named {path.name} in the current "
        "folder, or by the one given"
    )


def _load_yaml(path: Path) -> LoadedConfig:
    """Load a W&B sweep file, or our keys written as YAML."""
    from .wandb.sweep import convert_wandb_sweep, is_wandb_sweep
    from .yaml_files import plain_json, read_yaml

    document = read_yaml(path)
    if is_wandb_sweep(document):
        return convert_wandb_sweep(document, path)
    if isinstance(document, dict) and document.keys() & {"hyperparameters", "main_script_name"}:
        return validate_config(
            plain_json(document), path.resolve().parent, str(path), path.resolve()
        )
    what = "is empty" if document is None else "is neither a W&B sweep file nor one with our keys"
    raise ConfigError(
        str(path),
        [ConfigProblem("", f"{what}: it has no method and parameters, and no hyperparameters")],
    )


class _DuplicateKeyError(ValueError):
    pass


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise _DuplicateKeyError(next(name for name in counts if counts[name] > 1))
    return result


def _parse_json(name: str, text: str) -> dict[str, Any]:
    try:
        source = json.loads(text, object_pairs_hook=_without_duplicates)
    except _DuplicateKeyError as error:
        problem = ConfigProblem(str(error), "duplicate key. Keep one")
    except json.JSONDecodeError as error:
        from .json_mistakes import json_mistakes

        problems = [ConfigProblem("", mistake) for mistake in json_mistakes(text, error)]
        raise ConfigError(name, problems) from None
    except (ValueError, RecursionError) as error:
        problem = ConfigProblem("", f"is not valid JSON: {error}")
    else:
        if isinstance(source, dict):
            return source
        problem = ConfigProblem("", f"must contain one JSON object, not {show_value(source)}")
    raise ConfigError(name, [problem])
