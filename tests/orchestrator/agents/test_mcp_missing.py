"""`ml-tracking-ops mcp` without the package that the extra `mcp` installs."""

import sys
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.cli.main import main


def test_missing_package_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name == "mcp" or name.startswith("mcp.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.delitem(sys.modules, "ml_tracking_ops.orchestrator.agents.server", raising=False)
    assert main(["mcp", "--logdir", str(tmp_path)]) == 2
    assert "pip install 'ml-tracking-ops[mcp]'" in capsys.readouterr().err
