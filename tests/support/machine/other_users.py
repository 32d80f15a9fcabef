"""Processes of other users. Starting them needs root."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

OWNER, STRANGER = 4_711, 4_712

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="needs root and setpriv: it starts processes of other users",
)


def as_user(user: int, command: Sequence[str | Path]) -> list[str]:
    """Return the command, run by another user without groups and privileges."""
    name = str(user)
    switch = ["setpriv", f"--reuid={name}", f"--regid={name}", "--clear-groups"]
    return [*switch, "--no-new-privs", *map(str, command)]


def run_python_as(user: int, code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that needs only the standard library as another user."""
    command = [sys.executable, "-I", "-S", "-c", code, *arguments]
    return subprocess.run(as_user(user, command), capture_output=True, text=True, timeout=60)
