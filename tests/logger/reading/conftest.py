"""Where the logs of these tests are."""

from pathlib import Path

import pytest


@pytest.fixture
def dat(tmp_path: Path) -> Path:
    return tmp_path / "run.dat"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For property tests, which write the same file over and over."""
    return tmp_path_factory.mktemp("scratch") / "run.dat"
