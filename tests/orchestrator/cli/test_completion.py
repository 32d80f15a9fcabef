"""Completion: bash completes commands, options, fixed words and the names in the log folder."""

import subprocess
from pathlib import Path

import pytest
from sweeps import run_command

from ml_tracking_ops.orchestrator.cli.main import COMMANDS


def completed(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last word of a command line."""
    script = run_command("completion", "bash", folder=folder).stdout
    ask = (
        f"{script}\nCOMP_WORDS=(ml-tracking-ops {' '.join(map(repr, words))})\n"
        f"COMP_CWORD={len(words)}\n_ml_tracking_ops\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", ask],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.split()


def test_first_word_is_a_command(tmp_path: Path) -> None:
    assert completed(tmp_path, "s") == ["sweep", "show", "snapshot", "stop", "schema"]
    assert set(completed(tmp_path, "")) == set(COMMANDS)


def test_options_of_a_command_are_offered(tmp_path: Path) -> None:
    assert completed(tmp_path, "wait", "--t") == ["--timeout"]
    assert "--exit-with-stdin" not in completed(tmp_path, "web", "--")


def test_names_are_those_in_the_log_folder(tmp_path: Path) -> None:
    for logdir in ("runs", "other"):
        (tmp_path / logdir / f"in_{logdir}").mkdir(parents=True)
    assert completed(tmp_path, "show", "in") == ["in_runs"]
    assert completed(tmp_path, "show", "--logdir", "=", "other", "in") == ["in_other"]
    assert completed(tmp_path, "show", "--logdir", "nowhere", "in") == []


def test_fixed_words_are_offered(tmp_path: Path) -> None:
    assert completed(tmp_path, "completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_script_of_every_shell_names_every_command(shell: str, tmp_path: Path) -> None:
    done = run_command("completion", shell, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in COMMANDS)
