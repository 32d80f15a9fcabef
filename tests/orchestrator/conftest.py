"""Fixtures of the orchestrator's tests."""

from collections.abc import Iterator

import pytest
from wandb_reference import Reference


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    """W&B's own packages, in one process for all tests."""
    with Reference(tmp_path_factory.mktemp("wandb")) as reference:
        yield reference
