"""Importing the logger must cost a training script next to nothing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import ml_tracking_ops.experiment
import ml_tracking_ops.logger

# Each of these would cost more than the whole logger.
COSTLY = {
    "numpy",
    "pathlib",
    "typing",
    "dataclasses",
    "json",
    "threading",
    "logging",
    "subprocess",
    "contextlib",
    "functools",
    "collections",
    "enum",
    "re",
    "inspect",
    "pickle",
    "tempfile",
}


@pytest.fixture
def modules_after(tmp_path: Path) -> Callable[[str], set[str]]:
    """What a statement loads, beyond what Python loads without any site-packages."""
    package = tmp_path / "ml_tracking_ops"
    package.mkdir()
    for module in (ml_tracking_ops.logger, ml_tracking_ops.experiment):
        folder = Path(str(module.__file__)).parent
        (package / folder.name).symlink_to(folder)

    def run(statement: str) -> set[str]:
        script = (
            "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv[1]); "
            f"{statement}; print(*(set(sys.modules) - before))"
        )
        command = [sys.executable, "-S", "-c", script, str(tmp_path)]
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return set(output.stdout.split())

    return run


@pytest.mark.parametrize(
    "statement",
    [
        "import ml_tracking_ops.experiment.logger",
        "from ml_tracking_ops.logger import ExperimentLogger",
        "import ml_tracking_ops.logger",
    ],
)
def test_writing_needs_only_cheap_parts_of_the_standard_library(
    modules_after: Callable[[str], set[str]], statement: str
) -> None:
    loaded = modules_after(statement)
    assert not loaded & COSTLY
    ours = {name for name in loaded if name.startswith("ml_tracking_ops")}
    assert not {name for name in ours if name.split(".")[1:2] in (["orchestrator"], ["web"])}
    assert {name.partition(".")[0] for name in loaded - ours} <= sys.stdlib_module_names


def test_reading_loads_numpy_and_writing_does_not() -> None:
    script = (
        "import sys, ml_tracking_ops.logger as logger; logger.ExperimentLogger; "
        "assert 'numpy' not in sys.modules; logger.read_log; assert 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_both_import_paths_give_the_same_class() -> None:
    from ml_tracking_ops.experiment.logger import ExperimentLogger

    assert ml_tracking_ops.logger.ExperimentLogger is ExperimentLogger


def test_every_public_name_exists_and_is_listed() -> None:
    for name in ml_tracking_ops.logger.__all__:
        assert getattr(ml_tracking_ops.logger, name).__name__ == name
        assert name in dir(ml_tracking_ops.logger)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        ml_tracking_ops.logger.nonsense  # noqa: B018
