"""Paths of the logs of these tests."""

from pathlib import Path

import pytest


@pytest.fixture
def dat(tmp_path: Path) -> Path:
    return tmp_path / "run.dat"


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for property tests, which write it many times."""
    return tmp_path_factory.mktemp("scratch") / "run.dat"
