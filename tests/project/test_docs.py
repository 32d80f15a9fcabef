"""Every setting and every command is documented."""

import pytest
from places import ROOT

from ml_tracking_ops.orchestrator.cli.main import COMMANDS
from ml_tracking_ops.orchestrator.commands.macros import LIST_MACROS, TEXT_MACROS
from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.stopping.settings import RULES

README = (ROOT / "README.md").read_text(encoding="utf-8")
TEXT = README + "".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))
)


def test_readme_is_short() -> None:
    assert len(README.split()) <= 700


@pytest.mark.parametrize(
    "key", [field.alias or name for name, field in SweepConfig.model_fields.items()]
)
def test_every_key_of_the_configuration_is_documented(key: str) -> None:
    assert f"`{key}`" in TEXT


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_documented_with_its_settings(rule: str) -> None:
    text = (ROOT / "docs" / "stopping.md").read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith(f"| `{rule}` |"))
    for setting in RULES[rule].model_fields:
        is_of_all = setting in ("rule", "metric")
        assert f"`{setting}`" in row or is_of_all, setting


@pytest.mark.parametrize("macro", [*LIST_MACROS, *TEXT_MACROS])
def test_every_macro_is_documented(macro: str) -> None:
    assert f"`${{{macro}}}`" in TEXT


@pytest.mark.parametrize("extra", ["demo", "mcp", "notify", "optuna", "parquet", "sobol"])
def test_every_extra_is_documented(extra: str) -> None:
    assert f"[{extra}]" in TEXT


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"ml-tracking-ops {command}" in TEXT or f"`{command}`" in TEXT
