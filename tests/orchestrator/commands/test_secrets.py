"""Secrets are not stored, and a warning says if others can read them."""

import json
import os

import pytest
from sweeps import run_command, sweep_folder, write_config

from ml_tracking_ops.orchestrator.commands.secrets import exposure_warning, replace_secrets

VALUE = "s3cr3t-value"


@pytest.mark.parametrize("name", ["API_KEY", "HF_TOKEN", "DB_PASSWORD", "client_secret"])
def test_value_of_a_secret_is_replaced_by_its_variable(name):
    config = {"environment": {name: VALUE, "SEED": "1"}, "max_runs": 1}
    written = replace_secrets(config)
    assert written["environment"] == {name: f"${{envvar:{name}}}", "SEED": "1"}
    assert config["environment"][name] == VALUE


@pytest.mark.parametrize("name", ["MONKEY", "TOKENIZERS_PARALLELISM", "KEYBOARD"])
def test_value_of_another_variable_is_kept(name):
    assert replace_secrets({"environment": {name: "x"}})["environment"] == {name: "x"}


def test_variable_that_is_taken_from_the_environment_is_kept():
    config = {"environment": {"API_KEY": "${envvar:OTHER_KEY}"}}
    assert replace_secrets(config) == config


@pytest.mark.parametrize("config", [{}, {"environment": None}, {"environment": []}])
def test_configuration_without_an_environment_is_kept(config):
    assert replace_secrets(config) == config


@pytest.mark.parametrize(
    ("command", "hyperparameters", "named"),
    [
        (["python", "--api_key=abc"], [], "--api_key"),
        (["python", "--key=${envvar:HF_TOKEN}"], [], "HF_TOKEN"),
        (None, ["api_token"], "api_token"),
    ],
)
def test_secret_in_a_command_line_gives_a_warning(command, hyperparameters, named):
    warning = exposure_warning(command, hyperparameters)
    assert warning is not None
    assert warning.startswith(named)
    assert 'Pass secrets in "environment"' in warning


def test_command_without_secrets_gives_no_warning():
    assert exposure_warning(["python", "--lr=1", "${envvar:HOME}"], ["lr", "keys_per_head"]) is None


def test_sweep_writes_no_secret_and_its_run_gets_it(tmp_path):
    environment = {"API_KEY": VALUE, "OTHER": "kept"}
    write_config(tmp_path, "short.py", max_runs=1, environment=environment)
    script = (
        "import os\nprint('has it' if os.environ['API_KEY'].startswith('s3') else 'lacks it')\n"
    )
    (tmp_path / "short.py").write_text(script)
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = sweep_folder(tmp_path / "runs")
    for path in folder.iterdir():
        assert VALUE.encode() not in path.read_bytes(), path
    (log,) = folder.glob("*.log")
    assert "has it" in log.read_text()
    description = folder / "experiment_description.json"
    assert description.stat().st_mode & 0o777 == 0o600
    assert json.loads(description.read_text())["config"]["environment"]["OTHER"] == "kept"


def test_sweep_without_variables_can_be_read_by_others(tmp_path):
    before = os.umask(0o022)
    try:
        write_config(tmp_path, "short.py", max_runs=1)
        assert run_command("sweep", folder=tmp_path).returncode == 0
    finally:
        os.umask(before)
    description = sweep_folder(tmp_path / "runs") / "experiment_description.json"
    assert description.stat().st_mode & 0o777 == 0o644
