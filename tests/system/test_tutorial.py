"""The tutorial's files are written, its commands are run, and what they print is as it says."""

import os
import re
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from places import ROOT

LIMIT_S = 90
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.S)
_STAMP = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(?:_\d{4})?")


@dataclass
class Reader:
    """Somebody who follows the tutorial in an empty folder."""

    folder: Path
    environment: dict[str, str]
    stamps: dict[str, str] = field(default_factory=dict)
    """The names in the tutorial, which are times, → those that came out here."""

    def follow(self, text: str) -> None:
        for block in _BLOCK.finditer(text):
            if block["file"]:
                (self.folder / block["file"]).write_text(block["text"], encoding="utf-8")
            elif block["kind"] == "console":
                for command, expected in commands_in(block["text"]):
                    self.type(command, expected)

    def type(self, command: str, expected: str) -> None:
        """Run a command as a shell does, and compare its output."""
        for known, actual in self.stamps.items():
            command = command.replace(known, actual)
        printed = self.look(command) if command.endswith(" web") else self.run(command)
        pattern, new = self.pattern(expected)
        found = re.fullmatch(pattern, _normal(printed))
        assert found is not None, f"$ {command}\n{printed}\n-- but the tutorial says:\n{expected}"
        self.stamps.update({stamp: found[group] for group, stamp in new.items()})

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        return done.stdout

    def look(self, command: str) -> str:
        """Start the dashboard, open the address that it prints, and end it."""
        with subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                found = re.search(r"http://\S+", line)
                assert found is not None, line
                with urllib.request.urlopen(f"{found[0]}/sweeps", timeout=LIMIT_S) as page:
                    assert page.status == 200
            finally:
                process.terminate()
        return line

    def pattern(self, expected: str) -> tuple[str, dict[str, str]]:
        """What a command may print: a pattern, and its groups that catch new names."""
        parts: list[str] = []
        new: dict[str, str] = {}
        for line in _normal(expected).splitlines():
            if line == "…":
                parts.append(r"(?:.*\n)*?")
                continue
            parts.append(self._line(line, new) + r"\n")
        return "".join(parts), new

    def _line(self, line: str, new: dict[str, str]) -> str:
        """Return a pattern for a line, with a group for each name at its first occurrence."""
        pattern, end = "", 0
        for stamp in _STAMP.finditer(line):
            pattern += _escaped(line[end : stamp.start()])
            end = stamp.end()
            if len(stamp[0]) > len("2026-11-29_10-31-31"):
                pattern += _STAMP.pattern  # a run: its sweep's name may be a second older
            elif stamp[0] in self.stamps:
                pattern += re.escape(self.stamps[stamp[0]])
            elif stamp[0] in new.values():
                pattern += f"(?P={next(group for group, one in new.items() if one == stamp[0])})"
            else:
                group = f"g{len(self.stamps) + len(new)}"
                new[group] = stamp[0]
                pattern += rf"(?P<{group}>{_STAMP.pattern}(?:_\d)?)"
        return pattern + _escaped(line[end:])


def _normal(text: str) -> str:
    """A text whose columns are one space apart: a name may be longer by a suffix here."""
    return "".join(f"{re.sub(' +', ' ', line).rstrip()}\n" for line in text.splitlines())


def _escaped(text: str) -> str:
    return r"[^\n]*".join(map(re.escape, text.split("…")))


def commands_in(block: str) -> Iterator[tuple[str, str]]:
    """Return each command of a console block with its output."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, start in (
        ("python", f'"{sys.executable}"'),
        ("ml-tracking-ops", f'"{sys.executable}" -m ml_tracking_ops.orchestrator.cli'),
    ):
        path = commands / name
        path.write_text(f'#!/bin/sh\nexec {start} "$@"\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    folder = tmp_path / "project"
    folder.mkdir()
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return Reader(folder, {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"})


@pytest.mark.timeout(600)
def test_tutorial_prints_what_it_says(reader: Reader) -> None:
    reader.follow(TUTORIAL)
    assert len(reader.stamps) == 3


def test_output_that_differs_from_the_tutorial_is_found(reader: Reader) -> None:
    with pytest.raises(AssertionError, match="but the tutorial says"):
        reader.follow("```console\n$ echo one\ntwo\n```")


def test_no_lines_need_to_be_left_out(reader: Reader) -> None:
    reader.follow("```console\n$ echo one; echo two\n…\none\n…\ntwo\n…\n```")
