"""Texts of strangers in the terminal and in what scripts read."""

import io
import json
import shlex
import subprocess
from pathlib import Path

import pytest

from ml_tracking_ops.orchestrator.cli.main import main
from ml_tracking_ops.orchestrator.cli.terminal.printing import print_json
from ml_tracking_ops.orchestrator.cli.terminal.words import printable_line
from ml_tracking_ops.orchestrator.commands.rerun import quoted
from ml_tracking_ops.orchestrator.store.journal import Journal

OBEYED = [
    "\x1b[2J", "\x9b2J", "\x9d0;x\x9c", "\x07", "\r", "\x85", "\u200e", "\u200f", "\u061c",
    "\u202e", "\u2066", "\u2028", "\ufeff", "\U000e0041", "\ud800", "\u200b",
]  # fmt: skip


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """A sweep whose every text is one that a terminal obeys, and whose numbers are none."""
    text = "".join(OBEYED)
    folder = tmp_path / "sweep"
    folder.mkdir()
    description = {"config": {"optimization_metric": text}, "seed": 1, "host": text}
    (folder / "experiment_description.json").write_text(json.dumps(description))
    journal = Journal(folder / "journal.jsonl", print)
    journal.append("sweep_started", n_workers=1, pid=1, host="here")
    journal.close()
    with (folder / "journal.jsonl").open("a") as file:
        values = f'{{{json.dumps(text)}: NaN, "b": {json.dumps(text)}, "c": [Infinity]}}'
        file.write(f'{{"event": "sampled", "time": 1, "index": 1, "hyperparameters": {values}}}\n')
        ended = {"event": "sweep_ended", "time": 2, "state": "failed", "reason": text}
        file.write(json.dumps(ended) + "\n")
    annotations = {"own": {"name": text, "note": text, "tags": [text]}}
    (folder / "annotations.json").write_text(json.dumps(annotations))
    return tmp_path


@pytest.mark.parametrize("text", OBEYED)
def test_terminal_obeys_nothing(text):
    shown = printable_line(f"a{text}b")
    assert shown.startswith("a\\")
    assert shown.isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--json"],
        ["show", "sweep"],
        ["show", "sweep", "--json"],
        ["export", "sweep"],
        ["export", "sweep", "--format", "json"],
    ],
)
def test_reports_of_hostile_texts_can_be_written(logdir, capsys, arguments):
    assert main([*arguments, "--logdir", str(logdir)]) == 0
    out, err = capsys.readouterr()
    (out + err).encode()
    if "json" in arguments[-1]:
        json.loads(out)
    elif arguments[0] != "export":
        assert (out + err).replace("\n", "").isprintable()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_any_json_is_written(encoding):
    data = {"a": "\ud800 é 😀", "b": float("nan"), "c": [float("inf"), 1]}
    buffer = io.BytesIO()
    out = io.TextIOWrapper(buffer, encoding=encoding)
    print_json(data, out)
    out.flush()
    assert json.loads(buffer.getvalue()) == {"a": "\ud800 é 😀", "b": None, "c": [None, 1]}


@pytest.mark.parametrize("text", [text for text in OBEYED if text != "\ud800"])
def test_command_to_paste_escapes_control_characters(text):
    word = quoted(f"a{text}b")
    invisible = {"\ufeff", "\u200b", "\U000e0041"}  # a shell takes them as they are
    assert text in invisible or text not in word
    done = subprocess.run(
        ["bash", "-c", f"printf %s {word}"], capture_output=True, check=True, timeout=60
    )
    assert done.stdout.decode() == f"a{text}b"
    assert shlex.split(quoted("plain text")) == ["plain text"]
