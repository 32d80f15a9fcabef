"""The command, run as a user runs it."""

import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from sweeps import (
    COMMAND,
    choice,
    processes_with,
    run_command,
    start_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)

from ml_tracking_ops.orchestrator.cli.arguments.parser import parse


def test_seed_forms_run_a_sweep(tmp_path: Path) -> None:
    write_config(
        tmp_path,
        "train_script.py",
        hyperparameters={
            "learning_rate": {"type": "uniform", "min": 1e-5, "max": 1e-2},
            "batch_size": choice(32, 64, 128),
            "train_steps": choice(20, 30),
        },
    )
    done = run_command("--run_sweep=True", "--logdir=logs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = sweep_folder(tmp_path / "logs")
    assert state_of(folder).counts == {"finished": 3}
    assert len(list(folder.glob("*.dat"))) == 3
    assert "best run: " in done.stdout


@pytest.mark.parametrize("arguments", [("--run_sweep=False", "--port=0"), ("web", "--port=0")])
def test_web_is_served_until_ctrl_c(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    web = start_command(*arguments, folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: "http" in output.read_text() or web.poll() is not None, "the address")
    match = re.search(r"http://\S+", output.read_text())
    assert match, output.read_text()
    with urllib.request.urlopen(match[0]) as answer:
        assert answer.status == 200
    web.send_signal(signal.SIGINT)
    assert web.wait(30) == 0


def test_web_says_that_the_port_is_taken(tmp_path: Path) -> None:
    web = start_command("web", "--port=0", folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: "http" in output.read_text(), "the address")
    match = re.search(r":(\d+)", output.read_text())
    assert match
    done = run_command("web", "--port", match[1], folder=tmp_path)
    web.terminate()
    assert web.wait(30) == 0
    assert done.returncode == 2
    assert f"port {match[1]} on 127.0.0.1 is taken" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run_sweep=maybe",), "must be True or False, got 'maybe'"),
        (("sweep", "--seed", "x"), "whole number, 0 or more, got 'x'"),
        (("web", "--port", "70000"), "from 0 to 65535, got '70000'"),
        (("sweep", "nowhere.json"), "nowhere.json has 1 mistake"),
        (("sweep",), "experiment_cfg.json has 1 mistake"),
        (("show", "nothing"), "no experiment, sweep or run of this name"),
        (("export", "nothing"), "no experiment, sweep or run of this name"),
        (("list",), "there is no log folder runs"),
        (("--run_sweep=True", "--frobnicate"), "unrecognized arguments"),
        (("frobnicate",), "unknown command 'frobnicate'. --help lists all"),
        (("swep", "--logdir=runs"), "unknown command 'swep', did you mean sweep?"),
        (("metric-preview", "--help"), "did you mean metrics-preview?"),
        (("--frobnicate",), "unrecognized arguments"),
    ],
)
def test_wrong_usage_is_explained_without_a_traceback(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = run_command(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_logdir_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py")
    (tmp_path / "file").touch()
    done = run_command("sweep", "--logdir", "file", folder=tmp_path)
    assert done.returncode == 2
    assert "file is not a folder. Name one with --logdir" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_name_that_is_printed_is_accepted(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", early_stopping_patience=3, early_stopping=True)
    done = run_command("sweep", folder=tmp_path)
    best = re.search(r"best run: (\S+)", done.stdout)
    assert best is not None
    (folder,) = (tmp_path / "runs").iterdir()
    for name in (best[1], f"{best[1]}.dat", f"{folder.name}/{best[1]}"):
        shown = run_command("show", name, folder=tmp_path)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.startswith(f"{best[1]}: finished")
    run_command("annotate", folder.name, "2", "--name", "my best", folder=tmp_path)
    for arguments in (
        (folder.name, "2"),
        (f"{folder.name}/2",),
        (f"run 2 of {folder.name}",),
        ("my best",),
    ):
        shown = run_command("show", *arguments, folder=tmp_path)
        assert f"\nrun 2 of {folder.name}\n" in shown.stdout, shown.stderr
    for arguments in ((best[1], "2"), (folder.name, "9"), (f"{folder.name}/9",)):
        done = run_command("show", *arguments, folder=tmp_path)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_show_of_a_run_has_its_settings_and_the_rerun_command(tmp_path: Path) -> None:
    hyperparameters = {"x": choice(0.5), "note": choice("a b")}
    write_config(tmp_path, "crashing.py", max_runs=1, hyperparameters=hyperparameters)
    run_command("sweep", folder=tmp_path)
    (folder,) = (tmp_path / "runs").iterdir()
    shown = run_command("show", folder.name, "1", folder=tmp_path).stdout
    assert ": failed (exit code 1: ModuleNotFoundError: No module named" in shown
    assert "  x = 0.5\n  note = a b\n" in shown
    assert f"run it again: cd {tmp_path} && " in shown
    assert "--x=0.5 '--note=a b'" in shown


def test_seed_form_takes_the_options_of_sweep(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py")
    done = run_command(
        "--run_sweep=True", "--max-runs", "2", "--workers", "1", "--seed=3", folder=tmp_path
    )
    assert done.returncode == 0
    assert "2 runs, 1 at once, seed 3" in done.stderr


def test_dry_run_prints_the_seed_that_reproduces_it(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py")
    dry = run_command("sweep", "--dry-run", "--max-runs=2", folder=tmp_path)
    match = re.search(r"run exactly these: ml-tracking-ops (.*)", dry.stderr)
    assert match is not None
    done = run_command(*shlex.split(match[1]), folder=tmp_path)
    assert done.returncode == 0
    (folder,) = (tmp_path / "runs").iterdir()
    shown = json.loads(run_command("show", folder.name, "--json", folder=tmp_path).stdout)
    used = [f"--x={run['hyperparameters']['x']}" for run in shown["runs"]]
    assert [line.split()[-1] for line in dry.stdout.splitlines()] == used


def test_sweep_with_web_prints_the_address_of_its_page(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", max_runs=1)
    done = run_command("sweep", "--web", "--port", "0", folder=tmp_path)
    (folder,) = (tmp_path / "runs").iterdir()
    match = re.search(r"see the sweep: http://127\.0\.0\.1:\d+/sweeps/(\S+)", done.stderr)
    assert match is not None
    assert match[1].startswith(folder.name)


def test_misspelt_log_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    done = run_command("list", "--logdir", "rns", folder=tmp_path)
    assert done.returncode == 2
    assert "there is no log folder rns, did you mean runs?" in done.stderr


def test_tilde_is_the_home_folder_in_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    here = tmp_path / "here"
    write_config(here, "short.py", max_runs=1)
    assert run_command("sweep", "--logdir=~/runs", folder=here).returncode == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name in run_command("list", "--logdir=~/runs", folder=here).stdout
    shown = run_command("show", f"~/runs/{folder.name}", folder=here)
    assert shown.stdout.startswith(f"{folder.name}: finished")
    resumed = run_command("sweep", f"--resume=~/runs/{folder.name}", "--max-runs=2", folder=here)
    assert resumed.returncode == 0
    assert not (here / "~").exists()


def test_ascii_terminal_gets_escaped_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    names = choice("čeština", "日本語", "emoji 😀 x")
    hyperparameters = {"名前": names, "x": choice(1)}
    environment = {"PYTHONIOENCODING": "utf-8"}
    write_config(tmp_path, "short.py", hyperparameters=hyperparameters, environment=environment)
    for arguments in (("sweep", "--dry-run"), ("sweep", "--max-runs=2"), ("list",)):
        done = run_command(*arguments, folder=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    (folder,) = (tmp_path / "runs").iterdir()
    name = folder.name
    for arguments in (
        ("show", name),
        ("export", name),
        ("annotate", name, "--note", "ü"),
        ("annotate", name),
        ("replay", name, "--rule", "asha"),
    ):
        done = run_command(*arguments, folder=tmp_path)
        assert "Traceback" not in done.stderr
        assert done.stdout.isascii()
    shown = json.loads(run_command("show", name, "--json", folder=tmp_path).stdout)
    values = {run["hyperparameters"]["名前"] for run in shown["runs"]}
    assert values <= {"čeština", "日本語", "emoji 😀 x"}


def test_value_of_300000_characters_is_cut_where_it_is_printed(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", hyperparameters={"x": choice("a" * 300_000)}, max_runs=1)
    done = run_command("sweep", folder=tmp_path)
    (folder,) = (tmp_path / "runs").iterdir()
    shown = run_command("show", folder.name, folder=tmp_path)
    for text in (done.stderr, done.stdout, shown.stdout):
        assert max(map(len, text.splitlines())) < 2_000


def test_dry_run_prints_the_commands_and_starts_nothing(tmp_path: Path) -> None:
    write_config(tmp_path, "short.py", seed=1)
    done = run_command("sweep", "--dry-run", folder=tmp_path)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) == 3
    assert all(line.startswith(sys.executable) and "--x=0." in line for line in lines)
    assert not (tmp_path / "runs").exists()


def test_unread_output_gives_no_traceback(finished: Path) -> None:
    command = " ".join([*COMMAND, "export", str(sweep_folder(finished / "runs"))])
    done = subprocess.run(
        ["bash", "-c", f"{command} | true"],
        cwd=finished,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_version_and_help(tmp_path: Path) -> None:
    assert re.match(r"ml-tracking-ops \d", run_command("--version", folder=tmp_path).stdout)
    shown = run_command("--help", folder=tmp_path).stdout
    for word in ("sweep", "web", "list", "show", "export", "demo", "--run_sweep=True"):
        assert word in shown


def test_schema_is_json(tmp_path: Path) -> None:
    schema = json.loads(run_command("schema", folder=tmp_path).stdout)
    assert "main_script_name" in schema["properties"]


def test_sweep_with_web_shows_the_address_and_leaves_nothing(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(flag))}
    )
    sweep = start_command("sweep", "--web", "--port=0", folder=tmp_path)
    output = tmp_path / "output"
    wait_until(lambda: list(tmp_path.glob("runs/*/*.dat")), "the run")
    match = re.search(r"http://\S+", output.read_text())
    assert match, output.read_text()
    with urllib.request.urlopen(f"{match[0]}/sweeps") as answer:
        assert answer.status == 200
    flag.touch()
    assert sweep.wait(60) == 0
    assert processes_with(str(tmp_path)) == []


def test_dashboard_ends_with_a_killed_sweep(tmp_path: Path) -> None:
    flag = tmp_path / "go"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=1, hyperparameters={"until": choice(str(flag))}
    )
    logdir = tmp_path / "runs"
    sweep = start_command("sweep", "--web", "--port=0", f"--logdir={logdir}", folder=tmp_path)
    wait_until(lambda: list(logdir.glob("*/*.dat")), "the run")
    sweep.kill()
    sweep.wait(60)
    wait_until(
        lambda: not any("web" in _arguments(pid) for pid in processes_with(str(logdir))),
        "the dashboard to end",
    )
    flag.touch()
    wait_until(lambda: not processes_with(str(tmp_path)), "the run to end")


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stop SWEEP --yes 7", {"runs": [7], "yes": True}),
        ("stop --yes SWEEP 7 --logdir x 9", {"runs": [7, 9], "logdir": Path("x")}),
        ("requeue SWEEP --logdir x 3", {"runs": [3], "failed": False}),
        ("requeue SWEEP --failed", {"runs": [], "failed": True}),
        ("workers SWEEP --logdir x 3", {"n_workers": 3}),
        ("pause --logdir x SWEEP", {"command": "pause", "logdir": Path("x")}),
        ("annotate SWEEP --name best 3", {"run": 3, "name": "best"}),
        ("delete A --yes B", {"paths": ["A", "B"], "yes": True}),
        ("sweep --workers 2 cfg.json --seed 3", {"config": Path("cfg.json"), "seed": 3}),
    ],
)
def test_options_can_be_before_between_or_after_arguments(
    line: str, expected: dict[str, object]
) -> None:
    options = vars(parse(line.split()))
    assert {name: options[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("stop", "the following arguments are required: PATH\n"),
        ("stop SWEEP --yes seven", "argument RUN: must be a whole number, 1 or more, got 'seven'"),
        ("sweep --workers 0", "argument --workers: must be a whole number, 1 or more, got '0'"),
        (
            "demo --workers 1001",
            "argument --workers: the number of workers must be from 1 to 1000, got 1001",
        ),
        ("requeue SWEEP --all 3", "unrecognized arguments: --all"),
    ],
)
def test_wrong_usage_has_exit_code_2(
    line: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse(line.split())
    assert exit_.value.code == 2
    error_text = capsys.readouterr().err
    assert f"ml-tracking-ops {line.split()[0]}: {reason}" in error_text
    assert error_text.startswith(f"usage: ml-tracking-ops {line.split()[0]} ")
