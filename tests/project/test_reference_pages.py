"""The reference is as the code says, and its reader of logs reads what the logger writes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from ml_tracking_ops.experiment.logger import ExperimentLogger
from ml_tracking_ops.logger import read_log
from ml_tracking_ops.orchestrator.cli.main import COMMANDS
from ml_tracking_ops.orchestrator.cli.process import EXIT_CODES

sys.path.insert(0, str(ROOT / "scripts"))
import reference_pages
import reference_tables

REFERENCE = ROOT / "docs" / "reference"
PACKAGES = ("logger", "orchestrator", "web")


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", reference_pages.files(), ids=lambda path: path.name)
def test_generated_file_is_as_the_code_says(path: Path) -> None:
    """If this fails: scripts/write-reference."""
    assert path.read_text(encoding="utf-8") == reference_pages.files()[path]


def test_every_page_that_says_it_is_written_is_known() -> None:
    pages = (ROOT / "docs").rglob("*.md")
    written = {path for path in pages if "<!-- Written by" in path.read_text(encoding="utf-8")}
    assert written == {path for path in reference_pages.files() if path.suffix == ".md"}


def test_stale_file_is_found_and_written(tmp_path: Path) -> None:
    current, stale, gone = (tmp_path / name for name in ("current", "stale", "gone"))
    current.write_text("as it is")
    stale.write_text("as it was")
    written = dict.fromkeys((current, stale, gone), "as it is")
    assert reference_pages.stale(written) == [stale, gone]


def test_every_command_is_in_the_reference() -> None:
    written = reference_pages.commands_page()
    for text in (written, page("commands.md")):
        assert set(COMMANDS) <= set(re.findall(r"^## (\S+)$", text, re.MULTILINE))


def test_every_route_says_what_it_answers() -> None:
    rows = re.findall(r"^\| (?:GET|POST) .*$", reference_pages.http_page(), re.MULTILINE)
    assert len(rows) > 20
    assert [row for row in rows if row.endswith("|  |")] == []


def test_every_environment_variable_is_documented() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    used = set(re.findall(r"\"(ML_TRACKING_OPS_[A-Z_]+)\"", text))
    ours = {name for name in reference_tables.ENVIRONMENT if name.startswith("ML_TRACKING")}
    assert used == ours


@pytest.mark.parametrize("code", EXIT_CODES)
def test_exit_code_is_documented(code: int) -> None:
    text = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
    assert f"| {code} | {EXIT_CODES[code]} |" in text


# --- the format of logs ------------------------------------------------------------------------


def documented_reader() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", page("dat-format.md"), re.DOTALL)
    return str(code)


def documented_read(path: str) -> Any:
    scope: dict[str, Any] = {"__name__": "documented"}
    exec(documented_reader(), scope)
    return scope["read_dat"](path)


def test_documented_reader_is_short() -> None:
    assert len(documented_reader().splitlines()) <= 45


def test_documented_reader_reads_what_the_real_one_reads(tmp_path: Path) -> None:
    with ExperimentLogger(str(tmp_path)) as writer:
        for step in range(100):
            writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_scalars({"валидация/a name longer than one record": -step, "x": 1.0}, step)
        writer.add_scalar("loss", float("inf"), -(2**63))
    path = writer.path
    with open(path, "r+b") as file:  # a flipped bit in a value, and half a record at the end
        file.seek(32 * 10 + 20)
        file.write(b"\xff")
        file.seek(0, os.SEEK_END)
        file.write(b"\x01" * 17)
    metrics, outcome = documented_read(path)
    log = read_log(path)
    assert outcome == 0
    assert set(metrics) == set(log)
    for name, series in log.items():
        columns = [list(column) for column in zip(*metrics[name], strict=True)]
        assert columns == [series.step.tolist(), series.wall_time.tolist(), series.value.tolist()]


def test_documented_reader_runs_as_a_program(tmp_path: Path) -> None:
    with ExperimentLogger(str(tmp_path)) as writer:
        writer.add_scalar("loss", 0.5, 3)
    done = subprocess.run(
        [sys.executable, "-c", documented_reader(), writer.path],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("loss\n  (3, ")


def test_documented_reader_refuses_other_files(tmp_path: Path) -> None:
    other = tmp_path / "other.dat"
    other.write_bytes(bytes(64))
    with pytest.raises(ValueError, match="is not a log"):
        documented_read(str(other))
