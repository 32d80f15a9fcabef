"""`show` counts images and the like, `export --format media` writes them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from event_writing import event, write_events
from tensorboard.compat.proto.summary_pb2 import Summary

from ml_tracking_ops.logger import ExperimentLogger
from ml_tracking_ops.logger.media.encoding.audio import encode_audio
from ml_tracking_ops.logger.media.encoding.png import encode_png
from ml_tracking_ops.orchestrator.cli.main import main

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with ExperimentLogger(tmp_path / "runs") as writer:
        writer.add_scalar("loss", 1.0, 0)
        for step in (0, 10):
            writer.add_image("../up: ü", np.full((2, 3), step, np.uint8), step, caption="x")
        writer.add_histogram("w", [1.0, 2.0], 5, bins=2)
        writer.add_table("t", {"a": [1, None], "b": ["=1+1", "y"]}, 7)
        writer.add_text("note", "# hi", 3)
        writer.add_audio("tone", [0.0, 0.5], 2, sample_rate=8_000)
    return Path(writer.folder)


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_show_counts_by_kind_and_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", folder, "--json") == 0
    media = json.loads(capsys.readouterr().out)["media"]
    assert media[0] == {
        "kind": "image",
        "name": "../up: ü",
        "count": 2,
        "first_step": 0,
        "last_step": 10,
    }
    assert [one["kind"] for one in media] == ["image", "histogram", "table", "text", "audio"]
    assert run("show", folder) == 0
    assert "histogram w: 1, steps 5 to 5" in capsys.readouterr().out


def test_export_writes_files_below_the_folder_alone_and_an_index(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("export", folder, "--format", "media", "--output", out) == 0
    index = json.loads((out / "index.json").read_text(encoding="utf-8"))
    assert [line["step"] for line in index] == [0, 10, 3, 5, 7, 2]
    assert index[0]["name"] == "../up: ü"
    assert index[0]["file"] == "image/up/00000000.png"
    assert index[3]["counts"] == [1.0, 1.0]
    with (out / index[4]["file"]).open(newline="") as file:
        assert list(csv.reader(file)) == [["a", "b"], ["1", "'=1+1"], ["", "y"]]
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert files == {"index.json", *(line["file"] for line in index if "file" in line)}
    assert "6 written to" in capsys.readouterr().err
    assert run("export", folder, "--format", "media", "--output", out) == 2


def test_export_names_what_no_longer_exists(folder: Path, tmp_path: Path) -> None:
    for path in folder.rglob("logged_media/*.png"):
        path.write_bytes(b"cut")
    out = tmp_path / "out"
    assert run("export", folder, "--format", "media", "--output", out) == 0
    index = json.loads((out / "index.json").read_text(encoding="utf-8"))
    assert ["error" in line for line in index] == [True, True, False, False, False, False]


def test_export_of_event_files_names_files_by_their_content(tmp_path: Path) -> None:
    data = {"a": encode_png(np.zeros((2, 3, 3), np.uint8)), "b": SVG, "c": b"<html></html>"}
    values = [
        Summary.Value(tag=tag, image=Summary.Image(encoded_image_string=image))
        for tag, image in data.items()
    ]
    sound = Summary.Audio(encoded_audio_string=encode_audio([0.5], 8_000).data)
    values.append(Summary.Value(tag="tone", audio=sound))
    folder, out = tmp_path / "runs" / "tb", tmp_path / "out"
    write_events(folder / "events.out.tfevents.1.host", [event(5.0, 3, *values)])
    assert run("export", folder, "--format", "media", "--output", out) == 0
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*.*")}
    assert set(files) == {
        "index.json",
        "image/a/00000003.png",
        "image/b/00000003.bin",
        "image/c/00000003.bin",
        "audio/tone/00000003.wav",
    }
    assert files["image/a/00000003.png"].read_bytes() == data["a"]


def test_export_of_nothing_or_to_nowhere_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExperimentLogger(tmp_path / "runs") as writer:
        writer.add_scalar("loss", 1.0, 0)
    assert run("export", writer.folder, "--format", "media", "-o", tmp_path / "out") == 0
    assert "nothing is written" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert run("export", writer.folder, "--format", "media") == 2
    assert "Name it with --output" in capsys.readouterr().err
