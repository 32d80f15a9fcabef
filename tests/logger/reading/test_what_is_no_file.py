"""Logs that are missing, or no files."""

import os
import socket
from pathlib import Path

import pytest
from log_bytes import (
    HEADER,
    LOSS,
    losses,
)

from ml_tracking_ops.logger.reading.reader import (
    LogFormatError,
    LogTail,
    read_ending,
    read_log,
)


def test_missing_file_and_dangling_link_are_not_found(dat: Path) -> None:
    for path in (dat, dat.parent / "no folder" / "run.dat"):
        for read in (read_log, read_ending):
            with pytest.raises(FileNotFoundError):
                read(path)
        batch = LogTail(path).read()
        assert (batch.series, batch.offset, batch.was_reset) == ({}, 0, False)
    dat.symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        read_log(dat)
    assert LogTail(dat).read().series == {}


def test_fifo_and_folder_and_device_are_refused_without_waiting(dat: Path) -> None:
    os.mkfifo(dat)
    folder = dat.parent / "folder.dat"
    folder.mkdir()
    for path in (dat, folder, Path("/dev/null")):
        with pytest.raises(LogFormatError, match="not a regular file"):
            LogTail(path).read()
        with pytest.raises(LogFormatError, match="not a regular file"):
            read_ending(path)
    for path in (dat, Path("/dev/null")):
        with pytest.raises(LogFormatError, match="not a regular file"):
            read_log(path)


def test_socket_in_place_of_a_file_is_an_os_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # an address holds a short path only
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("run.dat")
        with pytest.raises(OSError, match="No such device"):
            read_log("run.dat")


def test_nothing_is_left_open(dat: Path, no_leaks: None) -> None:
    dat.write_bytes(HEADER + LOSS + losses(range(100)))
    with LogTail(dat) as log_tail:
        log_tail.read()
        read_log(dat)
        read_ending(dat)
        dat.write_bytes(b"garbage")
        for read in (read_log, read_ending, lambda _: log_tail.read()):
            with pytest.raises(LogFormatError):
                read(dat)
