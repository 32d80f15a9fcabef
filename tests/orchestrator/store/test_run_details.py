"""Configuration and environment of a run by hand, as commands and pages say them."""

import json
from pathlib import Path

import pytest
from pages import Client, text_of

from ml_tracking_ops.logger import ExperimentLogger, run_record
from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.store.run_details import (
    NO_DETAILS,
    read_details,
    was_written_here,
)


def experiment(logdir: Path) -> Path:
    config = {"optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}, "depth": 6, "empty": {}}
    with ExperimentLogger(logdir, config=config, higher_is_better={"acc": True}) as writer:
        writer.add_scalar("acc", 0.5, 1)
    return Path(writer.path)


def test_configuration_is_flat_with_dotted_names(tmp_path: Path) -> None:
    details = read_details(experiment(tmp_path))
    assert details.config == {
        "optimizer.lr": 0.1,
        "optimizer.betas": [0.9, 0.99],
        "depth": 6,
        "empty": {},
    }
    assert details.higher_is_better == {"acc": True}


def test_show_and_page_have_configuration_and_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = experiment(tmp_path)
    assert main(["show", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["config"]["optimizer.lr"] == 0.1
    assert report["environment"]["folder"] == str(Path.cwd())
    page = text_of(Client(tmp_path).get(f"/runs/{path.stem}").text)
    assert "optimizer.lr" in page
    assert "Working directory" in page


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"config": 3}', '{"environment": []}', "[" * 100_000]
)
def test_invalid_record_is_none(tmp_path: Path, text: str) -> None:
    path = experiment(tmp_path)
    Path(run_record.record_file(str(path))).write_text(text)
    assert read_details(path) == NO_DETAILS
    assert Client(tmp_path).get(f"/runs/{path.stem}").status_code == 200


def test_link_in_place_of_the_record_is_not_followed(tmp_path: Path) -> None:
    path = experiment(tmp_path / "runs")
    record = Path(run_record.record_file(str(path)))
    record.rename(tmp_path / "elsewhere.json")
    record.symlink_to(tmp_path / "elsewhere.json")
    assert read_details(path) == NO_DETAILS


def test_copy_was_not_written_here_and_a_new_file_at_its_place_was(tmp_path: Path) -> None:
    path = experiment(tmp_path)
    assert was_written_here(path)
    data = path.read_bytes()
    path.rename(path.with_name("kept"))
    path.write_bytes(data)
    assert not was_written_here(path)
    path.unlink()
    path.with_name("kept").rename(path)
    assert was_written_here(path)
