"""A W&B sweep file with changes, and the messages about it."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from ml_tracking_ops.orchestrator.config.loading import load_config
from ml_tracking_ops.orchestrator.config.validation import LoadedConfig
from ml_tracking_ops.orchestrator.errors import ConfigError

USUAL = """
    program: train.py
    method: random
    project: digits
    name: first try
    metric:
      name: val/loss
      goal: minimize
    parameters:
      lr:
        distribution: log_uniform_values
        min: 1e-5
        max: 0.1
      batch_size:
        distribution: q_log_uniform_values
        q: 8
        min: 16
        max: 256
      architecture:
        value: rnn
      augment:
        values: [true, false]
    run_cap: 12
    command:
      - ${interpreter}
      - ${program}
      - "--balanced"
      - ${args}
"""


def load(folder: Path, text: str) -> LoadedConfig:
    (folder / "train.py").touch()
    (folder / "sweep.yaml").write_text(textwrap.dedent(text))
    return load_config(folder / "sweep.yaml")


def problems(folder: Path, text: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return {problem.key: problem.message for problem in caught.value.problems}


def with_changes(**changes: Any) -> str:
    """Return a valid file with other top-level keys. JSON is YAML."""
    given = {
        "program": "train.py",
        "method": "random",
        "parameters": {"x": {"min": 0, "max": 1}},
        "run_cap": 3,
    }
    return json.dumps({k: v for k, v in {**given, **changes}.items() if v is not None})
