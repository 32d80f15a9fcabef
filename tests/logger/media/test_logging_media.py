"""Logging images and the like: real files, real processes."""

import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import read_line

from ml_tracking_ops.logger import ExperimentLogger, read_run
from ml_tracking_ops.logger.media.encoding.png import encode_png

PNG = encode_png(np.full((2, 3, 3), 7, np.uint8))


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[ExperimentLogger]:
    with ExperimentLogger(tmp_path / "runs") as logger:
        yield logger


def other_png(number: int, side: int = 4) -> bytes:
    return encode_png(np.random.default_rng(number).integers(0, 255, (side, side, 3), np.uint8))


def media_files(logger: ExperimentLogger) -> list[str]:
    return sorted(os.listdir(Path(logger.path).with_suffix(".files") / "logged_media"))


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    source = "import sys\nfrom ml_tracking_ops.logger import ExperimentLogger\n"
    return subprocess.Popen(
        [sys.executable, "-c", source + textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_each_kind_is_written_at_once_and_read_back(logger: ExperimentLogger) -> None:
    logger.add_image("samples", PNG, 3, caption="a cat")
    logger.add_text("note", "# Title", 3)
    logger.add_text("long", "é" * 5_000, 3)
    logger.add_histogram("weights", [0.0, 0.5, 1.0], 3)
    logger.add_table("predictions", [{"image": 1, "label": "cat"}], 3)
    logger.add_audio("speech", [0.0, 0.5, -1.0], 3, sample_rate=16_000)
    media = read_run(logger.folder).media
    assert media.counts == {"image": 1, "text": 2, "histogram": 1, "table": 1, "audio": 1}
    image = media["samples"][0]
    assert (image.read_bytes(), image.caption, image.step) == (PNG, "a cat", 3)
    assert (image.width, image.height) == (3, 2)
    assert media["note"][0].text == "# Title"
    assert media["long"][0].text == "é" * 5_000
    assert media["weights"][0].histogram.mean == 0.5
    assert media["predictions"][0].table.rows == ((1, "cat"),)
    assert media["speech"][0].read_bytes()[:4] == b"RIFF"


def test_equal_bytes_are_kept_once(logger: ExperimentLogger) -> None:
    for step in range(3):
        logger.add_image("a", PNG, step)
        logger.add_image("b", PNG, step)
    assert len(media_files(logger)) == 1
    assert len(read_run(logger.folder).media) == 6


def test_files_that_differ_in_a_few_bytes_are_all_kept(logger: ExperimentLogger) -> None:
    first = other_png(1, side=200)
    files = [first]
    for at in (len(first) // 2, len(first) // 3 + 1):
        other = bytearray(first)
        other[at] ^= 1
        files += [bytes(other)] * 2
    for step, data in enumerate(files):
        logger.add_image("a", data, step)
    assert [item.read_bytes() for item in read_run(logger.folder).media["a"]] == files
    assert len(media_files(logger)) == 3


def test_last_steps_are_kept_and_the_files_of_others_removed(
    logger: ExperimentLogger, capfd: pytest.CaptureFixture[str]
) -> None:
    for step in range(6):
        logger.add_image("a", other_png(step), step, keep="last 2")
        logger.add_image("b", other_png(step % 2), step)
    media = read_run(logger.folder).media
    assert [item.step for item in media["a"]] == [4, 5]
    assert [item.step for item in media["b"]] == list(range(6))
    assert all(item.read_bytes() for item in media)
    assert len(media_files(logger)) == 4
    assert capfd.readouterr().err.count("only the last 2 steps are kept") == 1


def test_sound_that_is_cut_is_reported_once(
    logger: ExperimentLogger, capfd: pytest.CaptureFixture[str]
) -> None:
    for step in range(3):
        logger.add_audio("s", [0.0, 5.0], step, sample_rate=8_000)
        logger.add_audio("fine", [0.0, 1.0], step, sample_rate=8_000)
    message = capfd.readouterr().err
    assert message.count("add_audio('s', …): samples outside of -1…1") == 1
    assert "fine" not in message


def test_multiples_of_a_step_are_kept(
    logger: ExperimentLogger, capfd: pytest.CaptureFixture[str]
) -> None:
    for step in range(0, 35, 5):
        logger.add_histogram("w", [step, 1], step, keep="every 10")
    assert [item.step for item in read_run(logger.folder).media["w"]] == [0, 10, 20, 30]
    assert capfd.readouterr().err.count("multiples of 10 are kept") == 1


@pytest.mark.parametrize("keep", ["last", "last 0", "every -1", "first 3", ""])
def test_unknown_rule_is_refused_and_the_rules_are_named(
    logger: ExperimentLogger, keep: str
) -> None:
    with pytest.raises(ValueError, match=r"'every 100' .* or 'last 5'"):
        logger.add_image("a", PNG, 0, keep=keep)


def test_kill_in_the_middle_loses_nothing_that_was_logged(tmp_path: Path) -> None:
    script = """
    import numpy as np
    from ml_tracking_ops.logger.media.encoding.png import encode_png
    logger = ExperimentLogger(sys.argv[1])
    print(logger.folder, flush=True)
    for step in range(100_000):
        pixels = np.random.default_rng(step).integers(0, 255, (90, 90, 3), np.uint8)
        logger.add_image("a", encode_png(pixels), step)
        print(step, flush=True)
    """
    process = start(script, tmp_path)
    folder = read_line(process).strip()
    last = 0
    while last < 25:
        last = int(read_line(process))
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    last = int(rest.splitlines()[-1]) if rest.strip() else last
    items = read_run(folder).media["a"]
    assert [item.step for item in items][: last + 1] == list(range(last + 1))
    assert all(item.read_bytes().startswith(b"\x89PNG") for item in items)


def test_file_that_was_cut_is_written_again_and_not_shown_before(
    logger: ExperimentLogger,
) -> None:
    data = other_png(1)
    logger.add_image("a", data, 0)
    path = Path(read_run(logger.folder).media["a"][0].path or "")
    path.write_bytes(data[:10])
    with pytest.raises(OSError, match="is not the file that was written"):
        read_run(logger.folder).media["a"][0].read_bytes()
    logger.add_image("a", data, 1)
    assert [item.read_bytes() for item in read_run(logger.folder).media["a"]] == [data, data]


def test_full_disk_drops_only_what_did_not_fit_and_leaves_no_partial_file(tmp_path: Path) -> None:
    script = """
    import resource
    logger = ExperimentLogger(sys.argv[1])
    logger.add_image("a", open(sys.argv[2], "rb").read(), 0)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
    logger.add_image("a", open(sys.argv[3], "rb").read(), 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    logger.add_image("a", open(sys.argv[3], "rb").read(), 2)
    print(logger.folder, logger.n_dropped)
    """
    (tmp_path / "small.png").write_bytes(PNG)
    (tmp_path / "large.png").write_bytes(other_png(1, side=200))
    process = start(script, tmp_path / "runs", tmp_path / "small.png", tmp_path / "large.png")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    folder, n_dropped = output.split()
    assert n_dropped == "1"
    assert "cannot write" in errors
    assert [item.step for item in read_run(folder).media["a"]] == [0, 2]
    assert read_run(folder).media["a"][1].read_bytes() == other_png(1, side=200)


def test_torn_line_affects_only_itself(tmp_path: Path) -> None:
    script = """
    import resource
    logger = ExperimentLogger(sys.argv[1])
    logger.add_text("t", "first", 0)
    from ml_tracking_ops.logger import paths
    import os
    size = os.path.getsize(paths.media_index_of(logger.path))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, hard))
    logger.add_text("t", "torn", 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    logger.add_text("t", "later", 2)
    print(logger.folder)
    """
    output, errors = start(script, tmp_path).communicate(timeout=60)
    assert [item.text for item in read_run(output.strip()).media["t"]] == ["first", "later"]
    assert "cannot write" in errors


def test_continued_run_abandons_later_values(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as first:
        for step in (0, 10, 20):
            first.add_text("t", f"first {step}", step)
    with ExperimentLogger.at(first.path) as again:
        for step in (10, 20):
            again.add_text("t", f"again {step}", step)
    texts = [item.text for item in read_run(first.folder).media["t"]]
    assert texts == ["first 0", "again 10", "again 20"]


def test_attempts_of_a_run_share_files_and_are_one_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stem = "2026-11-29_10-00-00_0001"
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_DIR", str(tmp_path / f"{stem}.files"))
    for name, steps in ((stem, (0, 1, 2)), (f"{stem}_attempt2", (2, 3))):
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(tmp_path / f"{name}.dat"))
        with ExperimentLogger() as logger:
            for step in steps:
                logger.add_image("a", PNG, step, caption=name[-3:])
    assert os.listdir(tmp_path / f"{stem}.files") == ["logged_media"]
    media = read_run(tmp_path / f"{stem}_attempt2.dat").media
    assert [(item.step, item.caption) for item in media["a"]] == [
        (0, "001"),
        (1, "001"),
        (2, "pt2"),
        (3, "pt2"),
    ]
    assert all(item.read_bytes() == PNG for item in media)


def test_several_of_one_step_are_all_kept(logger: ExperimentLogger) -> None:
    for number in range(3):
        logger.add_image("a", other_png(number), 5, caption=str(number))
    assert [item.caption for item in read_run(logger.folder).media["a"]] == ["0", "1", "2"]


def test_logger_in_another_process_writes_to_the_same_index(logger: ExperimentLogger) -> None:
    logger.add_text("t", "parent", 0)
    child = pickle.loads(pickle.dumps(logger))
    child.add_text("t", "child", 1)
    child.close()
    logger.add_text("t", "parent", 2)
    assert [item.step for item in read_run(logger.folder).media["t"]] == [0, 1, 2]


def test_other_ranks_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")
    with ExperimentLogger(tmp_path) as logger:
        logger.add_image("a", PNG, 0)
        logger.add_histogram("a", [1], 0)
    assert os.listdir(tmp_path) == []


def test_closed_logger_and_wrong_arguments_are_refused(tmp_path: Path) -> None:
    logger = ExperimentLogger(tmp_path)
    with pytest.raises(TypeError, match="step of text 't' must be a whole number"):
        logger.add_text("t", "x", 0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the name of a table must not be empty"):
        logger.add_table("", [], 0)
    with pytest.raises(TypeError, match="add_text takes a string"):
        logger.add_text("t", 5, 0)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        logger.add_image("a", tmp_path / "missing.png", 0)
    logger.close()
    with pytest.raises(ValueError, match="is closed"):
        logger.add_image("a", PNG, 0)


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("add_image", ([[0.5]], "a", 0), r"an image must .* is add_image\(name, image, step\)"),
        ("add_figure", (5, "a", 0), r"an image must .* is add_figure\(name, figure, step\)"),
        ("add_text", (5, "a", 0), r"a text must .* is add_text\(name, text, step\)"),
        ("add_histogram", ([1], "a", 0), r"a histogram .* add_histogram\(name, values, step\)"),
        ("add_counts", ([1], [0, 1], "a", 0), r"add_counts\(name, counts, edges, step\)"),
        ("add_table", ({}, "a", 0), r"a table must .* is add_table\(name, rows, step\)"),
        ("add_audio", ([0.5], "a", 0), r"of audio must .* is add_audio\(name, audio, step\)"),
    ],
)
def test_arguments_in_another_order_are_named(
    logger: ExperimentLogger, call: str, arguments: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        getattr(logger, call)(*arguments)


def test_folder_that_vanished_ends_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    logger = ExperimentLogger(tmp_path / "runs")
    logger.add_image("a", PNG, 0)
    os.rename(tmp_path / "runs", tmp_path / "gone")
    logger.add_image("a", other_png(1), 1)
    assert logger.n_dropped <= 1
    os.rename(tmp_path / "gone", tmp_path / "back") if logger.n_dropped else None
    logger.close()
    capfd.readouterr()


def test_index_is_a_line_of_json_for_each(logger: ExperimentLogger) -> None:
    logger.add_image("a", PNG, 1, wall_time=12.5)
    index = Path(logger.path.replace(".dat", ".media.jsonl"))
    entry = json.loads(index.read_text())
    assert entry["kind"] == "image"
    assert (entry["name"], entry["step"], entry["time"]) == ("a", 1, 12.5)
    assert (index.parent / entry["file"]).read_bytes() == PNG


def test_writing_media_needs_the_standard_library_alone(tmp_path: Path) -> None:
    script = """
    sys.modules["numpy"] = None
    logger = ExperimentLogger(sys.argv[1])
    logger.add_image("a", open(sys.argv[2], "rb").read(), 0)
    logger.add_text("last", "x", 0, keep="last 1")
    logger.add_text("last", "y", 1, keep="last 1")
    logger.add_histogram("h", [1.0, 2.0, 4.0, float("nan")], 0, bins=3)
    logger.add_audio("s", [0.0, 1.0], 0, sample_rate=8000)
    logger.add_table("t", {"a": [1, 2]}, 0)
    logger.add_text("n", "x", 0)
    logger.close()
    print(logger.folder)
    """
    (tmp_path / "image.png").write_bytes(PNG)
    process = start(script, tmp_path / "runs", tmp_path / "image.png")
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    media = read_run(output.strip()).media
    assert len(media) == 6
    found = media["h"][0].histogram
    assert (found.counts, found.n_not_finite) == ((1.0, 1.0, 1.0), 1)


def test_limits_of_open_files_are_as_before(logger: ExperimentLogger) -> None:
    n_before = len(os.listdir("/proc/self/fd"))
    for step in range(50):
        logger.add_image("a", other_png(step), step)
    assert len(os.listdir("/proc/self/fd")) <= n_before + 2
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0
