"""Every setting and every command is documented."""

import pytest
from places import ROOT

from ml_tracking_ops.logger import paths
from ml_tracking_ops.orchestrator.cli.main import COMMANDS
from ml_tracking_ops.orchestrator.commands.macros import LIST_MACROS, TEXT_MACROS
from ml_tracking_ops.orchestrator.config.model import SweepConfig
from ml_tracking_ops.orchestrator.stopping.settings import RULES
from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES

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


@pytest.mark.parametrize("page", ["internals.md", "results.md", "tables.md"])
def test_table_of_states_has_every_state(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (table,) = (part for part in text.split("\n\n") if "`early_stopped`" in part)
    assert [state for state in RUN_STATES if f"`{state}`" not in table] == []


@pytest.mark.parametrize("macro", [*LIST_MACROS, *TEXT_MACROS])
def test_every_macro_is_documented(macro: str) -> None:
    assert f"`${{{macro}}}`" in TEXT


@pytest.mark.parametrize("extra", ["demo", "mcp", "notify", "optuna", "parquet", "sobol"])
def test_every_extra_is_documented(extra: str) -> None:
    assert f"[{extra}]" in TEXT


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"ml-tracking-ops {command}" in TEXT or f"`{command}`" in TEXT


@pytest.mark.parametrize(
    "name", [value for name, value in vars(paths).items() if name.endswith(("_NAME", "_SUFFIX"))]
)
def test_every_file_on_disk_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
    assert f"{name}`" in text or f"{name}/`" in text or name == paths.CONFIG_NAME
