"""Lines of an output out of whose middle parts are cut while it is read."""

import itertools
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.orchestrator.output.lines import BLOCK_BYTES, OutputLines
from ml_tracking_ops.orchestrator.supervision import output_limit

KEPT = 4096


@pytest.fixture(params=["collapse", "copy"])
def small_limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Outputs are cut once they are longer than 32 KiB, in one of both ways."""
    if request.param == "copy":  # a file system that cannot take a range out of a file
        monkeypatch.setattr(output_limit, "_collapse", lambda fd, start, n_bytes: False)
    return str(request.param)


class Output:
    """A script that prints numbered lines, and the supervisor that limits its output."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        self.n_cut = self.n_cuts = 0
        self.numbers = itertools.count()
        self.n_bytes = 0

    def print_lines(self, n_lines: int) -> None:
        text = b"".join(b"loss=%d\n" % next(self.numbers) for _ in range(n_lines))
        self.n_bytes += os.write(self.fd, text)

    def write(self, text: bytes) -> None:
        self.n_bytes += os.write(self.fd, text)

    def cut(self) -> None:
        n_cut = output_limit.cut_middle(self.fd, self.n_cut, 8 * KEPT, KEPT)
        self.n_cut += n_cut
        self.n_cuts += n_cut > 0


def read_all(lines: OutputLines) -> list[bytes]:
    found, has_more = lines.read()
    while has_more:
        more, has_more = lines.read()
        found += more
    return found


def test_reader_that_keeps_up_misses_nothing_of_what_is_cut(
    tmp_path: Path, small_limit: str
) -> None:
    output, lines = Output(tmp_path / "run.log"), OutputLines(tmp_path / "run.log", KEPT)
    found = []
    for _ in range(40):
        output.print_lines(300)
        found += read_all(lines)
        output.cut()
    output.write(b"loss=1")
    found += read_all(lines) + lines.rest()
    assert output.n_cut > 0
    assert found.pop() == b"loss=1"
    if small_limit == "collapse":
        assert found == [b"loss=%d" % n for n in range(40 * 300)]
        assert lines.n_lost_bytes == 0
    else:  # what was written while the file was copied may be lost: one line beside it is not sure
        missing = set(range(40 * 300)) - {int(line.removeprefix(b"loss=")) for line in found}
        assert found == sorted(set(found), key=found.index)
        assert len(missing) == output.n_cuts
        assert lines.n_lost_bytes == sum(len(b"loss=%d" % number) for number in missing)


@pytest.mark.usefixtures("small_limit")
def test_late_reader_reads_both_ends_and_reports_the_loss(tmp_path: Path) -> None:
    output, lines = Output(tmp_path / "run.log"), OutputLines(tmp_path / "run.log", KEPT)
    output.print_lines(5_000)
    output.cut()
    output.print_lines(10)
    numbers = [int(line.removeprefix(b"loss=")) for line in read_all(lines)]
    assert numbers[0] == 0
    assert numbers[-1] == 5_009
    assert numbers == sorted(set(numbers))
    n_read = sum(len(b"loss=%d\n" % number) for number in numbers)
    assert 0 <= output.n_bytes - n_read - lines.n_lost_bytes < 60  # line ends, and our own words


@pytest.mark.usefixtures("small_limit")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["print", "print part", "read", "cut"]), max_size=60))
def test_no_line_is_read_twice_and_no_two_are_joined(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("output") / "run.log"
    output, lines = Output(path), OutputLines(path, KEPT)
    found = []
    for step in steps:
        if step == "print":
            output.print_lines(600)
        elif step == "print part":
            output.write(b"loss=1000000000")
        elif step == "read":
            found += lines.read()[0]
        else:
            output.cut()
    output.write(b"\n")
    output.print_lines(1)
    found += read_all(lines)
    os.close(output.fd)
    plain = [line for line in found if line.strip() and line.count(b"=") == 1]
    numbers = [int(line.removeprefix(b"loss=")) for line in plain]
    own = [number for number in numbers if number < 10**9]
    assert own == sorted(set(own))
    if lines.n_lost_bytes == 0 and "print part" not in steps and not output.n_cut:
        assert own == list(range(own[-1] + 1))


def test_too_long_line_is_left_out_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(b"a=1\n" + b"x" * (5 * BLOCK_BYTES) + b" b=2\nc=3\n")
    lines = OutputLines(path)
    assert [line for line in read_all(lines) if len(line) < 100] == [b"a=1", b"c=3"]
    with path.open("ab") as file:
        file.write(b"y" * (5 * BLOCK_BYTES) + b" d=4\ne=5\n")
    assert [line for line in read_all(lines) if len(line) < 100] == [b"e=5"]
    assert lines.n_long_lines == 2


def test_output_read_during_a_cut_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut that begins between the look at the line about it and the reading of a block."""
    output, lines = Output(tmp_path / "run.log"), OutputLines(tmp_path / "run.log", KEPT)
    output.print_lines(2_000)
    found = read_all(lines)
    output.print_lines(2_000)
    read, cuts = os_files.pread, iter([True])

    def cut_meanwhile(fd: int, n_bytes: int, offset: int) -> bytes:
        if n_bytes > KEPT and next(cuts, False):
            output.cut()
        return read(fd, n_bytes, offset)

    monkeypatch.setattr(os_files, "pread", cut_meanwhile)
    found += read_all(lines)
    assert output.n_cut > 0
    numbers = [int(line.removeprefix(b"loss=")) for line in found]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 3_999
