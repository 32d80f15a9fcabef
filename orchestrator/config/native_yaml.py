"""The keys of `experiment_cfg.json` in a YAML file: the same configuration, written differently."""

import re
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ConfigProblem

OWN_KEYS = frozenset(("main_script_name", "hyperparameters", "max_runs", "early_stopping"))
_SCIENTIFIC = re.compile(r"^[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$")


def read_native_yaml(path: Path) -> dict[str, Any] | None:
    """What a YAML file holds if its keys are ours, or None.

    Raises:
        ConfigError: it cannot be read.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Takes 1e-4 for the number it is; YAML 1.1 takes it for a text."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                line = node.start_mark.line + 1
                problem = ConfigProblem(twice, f"duplicate key in the object at line {line}")
                raise ConfigError(str(path), [problem])
            return super().construct_mapping(node, deep=deep)

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _SCIENTIFIC, list("-+0123456789"))
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not _has_own_key(text):
            return None
        given = yaml.load(text, Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return None  # the reader of W&B's files says what is wrong
    return given if isinstance(given, dict) and given.keys() & OWN_KEYS else None


def _has_own_key(text: str) -> bool:
    return any(re.search(rf"(?m)^[\"']?{key}[\"']?\s*:", text) for key in OWN_KEYS)
