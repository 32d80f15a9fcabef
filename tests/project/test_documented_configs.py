"""The configurations in the documentation are valid."""

import json
import re
from pathlib import Path

import pytest
from places import ROOT

from ml_tracking_ops.orchestrator.config.validation import validate_config

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGS = [
    pytest.param(block, id=f"{path.stem}-{number}")
    for path in DOCUMENTS
    for number, block in enumerate(
        re.findall(r"```json\n(\{.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    )
    if '"main_script_name"' in block and '"hyperparameters"' in block
]


@pytest.mark.parametrize("text", CONFIGS)
def test_documented_configuration_is_valid(text: str, tmp_path: Path) -> None:
    config = json.loads(text.replace("…", ""))
    (tmp_path / config["main_script_name"]).touch()
    names = " ".join(f"--{name}" for name in config["hyperparameters"])
    (tmp_path / config["main_script_name"]).write_text(f"# takes {names} --logdir\n")
    loaded = validate_config(config, tmp_path)
    assert loaded.config.optimization_metric == config.get("optimization_metric")
