"""Thinning with `keep="last n"` removes the files that no reader shows, and no others."""

import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from ml_tracking_ops.logger import ExperimentLogger, read_run
from ml_tracking_ops.logger.media.encoding.png import encode_png
from ml_tracking_ops.logger.media.files import MediaFiles
from ml_tracking_ops.logger.media.writer import media_folder_of


def png(number: int) -> bytes:
    return encode_png(np.full((2, 2, 3), number, np.uint8))


def files_of(logger: ExperimentLogger) -> set[str]:
    return set(os.listdir(media_folder_of(logger.path)))


def shown(logger: ExperimentLogger, name: str = "a") -> list[int]:
    """Return the steps of what is shown. All of it can be read, and nothing else is there."""
    media = read_run(logger.path).media
    assert all(item.read_bytes() for item in media)
    assert files_of(logger) == {os.path.basename(item.path or "") for item in media}
    return [item.step for item in media[name]]


def again(path: str) -> ExperimentLogger:
    return ExperimentLogger.at(path)


def test_restarted_processes_remove_what_earlier_ones_left(tmp_path: Path) -> None:
    logger = ExperimentLogger(tmp_path)
    for session in range(4):
        for step in range(session * 10, session * 10 + 5):
            logger.add_image("a", png(step), step, keep="last 3")
        logger.close()
        assert shown(logger) == [session * 10 + one for one in (2, 3, 4)]
        logger = again(logger.path)


def test_budget_is_free_again_after_a_restart(tmp_path: Path) -> None:
    path = ExperimentLogger(tmp_path).path
    data = [png(0) + os.urandom(20_000) for _ in range(6)]
    for step, one in enumerate(data):
        logger = again(path)
        logger._media_budget_bytes = 50_000
        logger.add_image("a", one, step, keep="last 1")
        logger.close()
        assert shown(logger) == [step]


def test_process_that_continues_from_an_earlier_step_keeps_what_is_shown(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as logger:
        for step in range(10):
            logger.add_image("a", png(step), step, keep="last 3")
    with again(logger.path) as logger:
        logger.add_image("a", png(100), 8, keep="last 3")
        assert shown(logger) == [7, 8]
        for step in (9, 10):
            logger.add_image("a", png(100 + step), step, keep="last 3")
        assert shown(logger) == [8, 9, 10]


def test_attempts_of_a_run_thin_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = "2026-11-29_10-00-00_0001"
    monkeypatch.setenv("ML_TRACKING_OPS_RUN_DIR", str(tmp_path / f"{stem}.files"))
    for name, steps in ((stem, range(5)), (f"{stem}_attempt2", range(5, 8))):
        monkeypatch.setenv("ML_TRACKING_OPS_RUN_FILE", str(tmp_path / f"{name}.dat"))
        with ExperimentLogger() as logger:
            for step in steps:
                logger.add_image("a", png(step), step, keep="last 2")
            assert shown(logger) == [steps[-2], steps[-1]]


def test_rule_that_changes_applies_to_what_follows(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as logger:
        for step in range(5):
            logger.add_image("a", png(step), step, keep="last 5")
        for step in range(5, 7):
            logger.add_image("a", png(step), step, keep="last 1")
        assert shown(logger) == [2, 3, 4, 6]


def test_file_that_another_process_needs_stays(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as first, again(first.path) as second:
        first.add_image("a", png(1), 1, keep="last 1")
        second.add_image("b", png(1), 1)
        first.add_image("a", png(2), 2, keep="last 1")
        assert shown(first, "b") == [1]
        assert shown(first) == [2]


def test_file_is_removed_with_the_last_that_needs_it(tmp_path: Path) -> None:
    with ExperimentLogger(tmp_path) as first, again(first.path) as second:
        for step, number in enumerate([1, 1, 2, 1, 2, 3, 3]):
            first.add_image("a", png(number), step, keep="last 2")
            second.add_image("b", png(number), step, keep="last 1")
            shown(first)
    assert len(files_of(first)) == 1


def test_file_that_is_needed_while_it_is_removed_stays(tmp_path: Path) -> None:
    ours, others = MediaFiles(str(tmp_path / "x" / "m")), MediaFiles(str(tmp_path / "x" / "m"))
    found: list[str] = []

    def needs(name: str) -> bool:
        found.append(others.put(png(1), ".png")[0])
        return True

    name, is_new = ours.put(png(1), ".png")
    assert is_new
    ours.remove(name, needs)
    assert found == [name]
    assert [path.read_bytes() for path in (tmp_path / "x" / "m").iterdir()] == [png(1)]


def test_file_that_was_removed_after_it_was_found_is_written_again(tmp_path: Path) -> None:
    files = MediaFiles(str(tmp_path / "x" / "m"))
    name, _ = files.put(png(1), ".png")
    assert files.put(png(1), ".png") == (name, False)
    files.remove(name, lambda _: False)
    files.restore(name, png(1))
    assert [path.read_bytes() for path in (tmp_path / "x" / "m").iterdir()] == [png(1)]


def test_processes_that_thin_the_same_images_lose_none_that_is_shown(tmp_path: Path) -> None:
    script = """
    import sys
    import numpy as np
    from ml_tracking_ops.logger import ExperimentLogger
    from ml_tracking_ops.logger.media.encoding.png import encode_png
    images = [encode_png(np.full((2, 2, 3), n, np.uint8)) for n in range(3)]
    sys.stdin.readline()
    with ExperimentLogger.at(sys.argv[1]) as logger:
        for step in range(300):
            logger.add_image(sys.argv[2], images[step * int(sys.argv[3]) % 3], step, keep="last 1")
    """
    logger = ExperimentLogger(tmp_path)
    logger.add_text("t", "x", 0)
    command = [sys.executable, "-c", textwrap.dedent(script), logger.path]
    processes = [
        subprocess.Popen([*command, name, pace], stdin=subprocess.PIPE, text=True)
        for name, pace in (("a", "1"), ("b", "2"))
    ]
    for process in processes:
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write("go\n")
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    media = read_run(logger.path).media
    assert [item.step for name in "ab" for item in media[name]] == [299, 299]
    assert all(item.read_bytes() for name in "ab" for item in media[name])


def test_random_calls_of_several_loggers_leave_what_is_shown(tmp_path: Path) -> None:
    chance = random.Random(7)
    loggers = [ExperimentLogger(tmp_path)]
    path = loggers[0].path
    for _ in range(300):
        which = chance.randrange(3)
        if which == 0 and chance.random() < 0.3:
            for one in loggers:
                one.close()
            loggers = [again(path) for _ in range(chance.randrange(1, 3))]
        keep = chance.choice(["last 1", "last 2", "last 3", None])
        step = chance.randrange(6)
        chance.choice(loggers).add_image(chance.choice("ab"), png(which), step, keep=keep)
        assert all(item.read_bytes() for item in read_run(path).media)
    for one in loggers:
        one.close()
