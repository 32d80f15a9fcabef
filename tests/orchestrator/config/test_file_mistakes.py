"""Common mistakes in configuration files are explained."""

import json
from pathlib import Path

import pytest
from sweeps import run_command, write_config

from ml_tracking_ops.orchestrator import ConfigError
from ml_tracking_ops.orchestrator.config.loading import load_config

GOOD = """\
{
    "main_script_name": "short.py",
    "hyperparameters": {"x": {"type": "uniform", "min": 0, "max": 1}},
    "max_runs": 3,
    "early_stopping": false
}
"""


def messages(folder: Path, text: str, name: str = "experiment_cfg.json") -> list[str]:
    (folder / "short.py").touch()
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"max_runs": 3,',
            '"max_runs": 3, // how many',
            "line 4: comments are not allowed",
        ),
        (
            '"max_runs": 3,',
            '# how many\n"max_runs": 3,',
            "line 4: comments are not allowed",
        ),
        ('"max_runs": 3,', '/* how\nmany */ "max_runs": 3,', "line 4: comments are not allowed"),
        ("false\n", "false,\n", "line 5: the comma before a closing bracket is not allowed"),
        ('"max": 1}', '"max": 1,}', "line 3: the comma before a closing bracket is not allowed"),
        ("false\n", "false, // last\n", "line 5: the comma before a closing bracket"),
        ('"short.py"', "'short.py'", 'line 2: JSON needs double quotes: write "short.py"'),
        ("false", "False", "line 5: write false, not False"),
        ('"max_runs": 3,', '"max_runs": 3', "line 4: a comma is missing at the end"),
        ('"max_runs": 3,', '"max_runs": 1_000,', "line 4: 1_000 is not a JSON number: write 1000"),
        ('"max_runs": 3,', '"max_runs": 10/3,', "line 4: 10/3 is not a JSON number: write the"),
        ('"max_runs": 3,', '"max_runs": 3 "seed": 1,', 'line 4: a comma is missing before "seed"'),
        ('"max_runs": 3,', '"max_runs": (3),', "line 4: a list needs square brackets: write ["),
        ('"max_runs": 3,', '"max_runs": yes,', "line 4: write true, not yes"),
        ('"max_runs": 3,', '"max_runs": many,', "line 4: many is not a JSON value. A text needs"),
        ('"max_runs": 3,', "max_runs: 3,", 'line 4: a key needs double quotes: write "max_runs"'),
        ('"max_runs"', "“max_runs”", 'line 4: JSON needs straight quotes: write "max_runs"'),
        ('"min": 0,', '"min": .5,', "line 3: write 0.5, not .5"),
        ('"min": 0,', '"min": -2.,', "line 3: write -2, not -2."),
        ('"max_runs": 3,', '"max_runs": 03,', "line 4: write 3, not 03"),
        ('"max_runs": 3,', '"max_runs": +3,', "line 4: write 3, not +3"),
        ("false\n}", "false\n", "the { of line 1 is never closed: a } is missing"),
        ("false\n}", "false\n}}", "line 6: } closes nothing. Remove it"),
        ("1}}", "1]}", "line 3: ] closes the { of line 3, which needs }"),
        ('"max_runs": 3', '"max_runs" = 3', "line 4: between a key and its value write :, not ="),
        ('"max_runs": 3,', '"max_runs": 3;', "line 4: write a comma, not ;"),
        ("false\n}", "false\n} 3", "line 6: nothing may follow the object"),
        (GOOD, " ", "the file is empty"),
    ],
)
def test_invalid_json_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "short.py").touch()
    assert any(line.startswith(message) for line in messages(tmp_path, GOOD.replace(old, new))), (
        messages(tmp_path, GOOD.replace(old, new))
    )


def test_all_mistakes_of_a_file_are_named(tmp_path: Path) -> None:
    text = GOOD.replace('"short.py"', "'short.py'  // the script").replace("false\n", "False,\n")
    assert [line.partition(":")[0] for line in messages(tmp_path, text)] == [
        "line 2",
        "line 2",
        "line 5",
        "line 5",
    ]


def test_comment_signs_inside_texts_are_accepted(tmp_path: Path) -> None:
    text = GOOD.replace('"short.py"', '"it\'s //no #comment, }.py"').replace('"max_runs": 3,', "")
    assert not any("line" in line for line in messages(tmp_path, text))


def test_our_keys_in_a_yaml_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "short.py").touch()
    path = tmp_path / "experiment_cfg.yaml"
    path.write_text(
        "main_script_name: short.py\n"
        "hyperparameters:\n  lr: {type: loguniform, min: 1e-4, max: 0.1}  # small\n"
        "max_runs: 3\nearly_stopping: false\n"
    )
    loaded = load_config(path)
    assert loaded.config.max_runs == 3
    assert loaded.source["hyperparameters"] == {
        "lr": {"type": "loguniform", "min": 1e-4, "max": 0.1}
    }
    json.dumps(loaded.source)


def test_duplicate_key_in_our_yaml_is_reported(tmp_path: Path) -> None:
    text = "main_script_name: short.py\nmax_runs: 3\nmax_runs: 4\n"
    assert messages(tmp_path, text, "c.yaml") == [
        "max_runs: duplicate key, on lines 2 and 3. Keep one"
    ]


def test_yaml_beside_a_missing_configuration_is_mentioned(tmp_path: Path) -> None:
    (tmp_path / "experiment_cfg.yaml").write_text("max_runs: 3\n")
    done = run_command("sweep", folder=tmp_path)
    assert done.returncode == 2
    assert "there is experiment_cfg.yaml: ml-tracking-ops sweep experiment_cfg.yaml" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "command"),
    [
        ("train.sh", "echo hello\n", ["bash", "${program}", "${args}"]),
        ("train.R", "print(1)\n", ["Rscript", "${program}", "${args}"]),
        ("train", "#!/usr/bin/env julia\n", ["julia", "${program}", "${args}"]),
        ("train", "\x7fELF", ["${program}", "${args}"]),
    ],
)
def test_script_that_is_not_python_points_to_command(
    tmp_path: Path, name: str, content: str, command: list[str]
) -> None:
    (tmp_path / name).write_text(content)
    (found,) = messages(tmp_path, GOOD.replace("short.py", name))
    assert "is not a Python script. Set command to how it is started" in found
    assert f'"command": {json.dumps(command)}' in found


def test_python_script_without_a_suffix_is_fine(tmp_path: Path) -> None:
    path = write_config(tmp_path, "short.py", main_script_name="train")
    (tmp_path / "train").write_text("#!/usr/bin/env python3\n")
    assert load_config(path).config.main_script_name == "train"


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ('{"values": [1, 2]}', '. W&B\'s values are {"type": "choice", "candidates": [...]}'),
        ('{"type": "choice", "values": [1, 2]}', "unknown key, did you mean candidates?"),
        ('{"type": "int", "low": 1, "max": 2}', "unknown key, did you mean min?"),
    ],
)
def test_keys_of_other_tools_are_answered_with_ours(
    tmp_path: Path, definition: str, message: str
) -> None:
    text = GOOD.replace('{"type": "uniform", "min": 0, "max": 1}', definition)
    assert any(message in line for line in messages(tmp_path, text))


def test_unknown_key_does_not_list_all_known_ones(tmp_path: Path) -> None:
    (found,) = messages(tmp_path, GOOD.replace('"max_runs"', '"zzz": 1, "max_runs"'))
    assert found == "zzz: unknown key. ml-tracking-ops schema prints all keys"
    (found,) = messages(tmp_path, GOOD.replace('"max_runs"', '"sead": 1, "max_runs"'))
    assert found == "sead: unknown key, did you mean seed?"


def test_files_of_other_formats_are_named_as_what_they_are(tmp_path: Path) -> None:
    assert messages(tmp_path, "[tool]\n", "experiment_cfg.toml") == [
        "is TOML. A configuration is JSON or YAML"
    ]
    assert messages(tmp_path, "import torch\n", "train.py") == [
        "is a script. A sweep needs a configuration, which names the script"
    ]
    path = tmp_path / "experiment_cfg.json"
    path.write_bytes(GOOD.encode("utf-16"))
    with pytest.raises(ConfigError, match=r"it is UTF-16\. Save it as UTF-8"):
        load_config(path)


def test_nearest_name_of_a_configuration_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "experiments_cfg.json").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"did you mean experiments_cfg\.json\?"):
        load_config(tmp_path / "experiment_cfg.json")


def test_second_document_and_a_list_of_parameters_are_explained(tmp_path: Path) -> None:
    text = "program: short.py\nmethod: grid\n---\nparameters: {a: {values: [1]}}\n"
    assert messages(tmp_path, text, "sweep.yaml") == [
        "is not valid YAML: line 3: --- begins another document. Keep one"
    ]
    text = "program: short.py\nmethod: grid\nparameters:\n  - a: {values: [1]}\n"
    assert messages(tmp_path, text, "sweep.yaml") == [
        "parameters: must be an object of parameters. Leave out the dashes"
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"max_runs": 3', '"max_runs": "3"', 'got "3". Write it without quotes'),
        ("false", '"true"', 'got "true". Write it without quotes'),
        (
            '{"type": "uniform", "min": 0, "max": 1}',
            "[1, 2]",
            'A list of values is {"type": "choice", "candidates": [...]}',
        ),
        (
            "false\n",
            'false, "optimization_metric": "Loss", "optimization_goal": "minimize"\n',
            'must be "max" or "min", got "minimize", did you mean "min"?',
        ),
    ],
)
def test_value_of_the_wrong_kind_is_followed_by_what_was_probably_meant(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    (found,) = messages(tmp_path, GOOD.replace(old, new))
    assert found.endswith(message)
