"""A real terminal is closed: a sweep with nohup continues, any other ends cleanly."""

import os
import pty
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sweeps import (
    COMMAND,
    choice,
    processes_with,
    run_command,
    state_of,
    sweep_folder,
    wait_until,
    write_config,
)
from waiting import wait_for_exit


class Terminal:
    """A shell's session on a terminal of its own, which can be closed like a window."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvp(command[0], command)
        self._exit_code: int | None = None
        self._is_open = True
        self._screen = threading.Thread(target=self._show)
        self._screen.start()

    def _show(self) -> None:
        """A terminal that takes nothing would keep whoever prints from continuing."""
        while self._is_open:
            if select.select([self._fd], [], [], 0.02)[0]:
                try:
                    os.read(self._fd, 1 << 16)
                except OSError:  # nothing can be printed any more
                    return

    def close(self) -> None:
        """The kernel sends SIGHUP to the session's processes, and their output then fails."""
        self._is_open = False
        self._screen.join(60)
        os.close(self._fd)

    def end_code(self) -> int:
        """Wait for the process that the terminal was opened with."""
        if self._exit_code is None:
            wait_for_exit(self.pid)
            self._exit_code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._exit_code

    def end(self) -> None:
        if self._is_open:
            self.close()
        if self._exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.end_code()


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*command: str) -> Terminal:
        opened.append(Terminal(tmp_path, *command))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.end()


@pytest.fixture
def flag(tmp_path: Path) -> Iterator[Path]:
    """A file that the trainers wait for; when the test is over it is there, and nothing runs."""
    flag = tmp_path / "flag"
    write_config(
        tmp_path, "waits_for_file.py", max_runs=2, hyperparameters={"until": choice(str(flag))}
    )
    yield flag
    flag.touch()
    wait_until(lambda: not processes_with(str(tmp_path)), "the processes to end")


def wait_for_run(tmp_path: Path) -> Path:
    wait_until(
        lambda: "ready" in "".join(p.read_text() for p in tmp_path.glob("runs/*/*_0001.log"))
    )
    return sweep_folder(tmp_path / "runs")


def test_closed_terminal_ends_the_sweep_cleanly_and_it_can_continue(
    tmp_path: Path, flag: Path, open_terminal: Callable[..., Terminal]
) -> None:
    terminal = open_terminal(*COMMAND, "sweep", "--workers", "1")
    folder = wait_for_run(tmp_path)
    terminal.close()
    terminal.end_code()
    record = state_of(folder)
    assert (record.state, record.counts) == ("killed", {"killed": 1})
    assert processes_with(str(tmp_path)) == []
    flag.touch()
    assert run_command("sweep", "--resume", folder, folder=tmp_path).returncode == 0
    assert state_of(folder).counts == {"finished": 2}


@pytest.mark.parametrize("how", ["nohup", "disown"])
def test_sweep_with_nohup_outlives_its_terminal(
    tmp_path: Path, flag: Path, how: str, open_terminal: Callable[..., Terminal]
) -> None:
    """With `disown` its output goes to a closed terminal."""
    shell = {"nohup": 'nohup "$@" & wait', "disown": 'trap "" HUP; "$@" & wait'}[how]
    terminal = open_terminal("sh", "-c", shell, "sh", *COMMAND, "sweep", "--workers", "1")
    folder = wait_for_run(tmp_path)
    terminal.close()
    assert state_of(folder).counts == {"running": 1}
    flag.touch()
    wait_until(lambda: state_of(folder).state == "finished", "the sweep to end")
    assert state_of(folder).counts == {"finished": 2}
    terminal.end_code()


def test_sweep_in_tmux_outlives_the_client(
    tmp_path: Path, flag: Path, open_terminal: Callable[..., Terminal]
) -> None:
    """Without tmux, a separate session takes its place."""
    command = [*COMMAND, "sweep", "--workers", "1"]
    tmux = shutil.which("tmux")
    server = [str(tmux), "-S", str(tmp_path / "socket"), "-f", os.devnull]
    if tmux is None:
        session = subprocess.Popen(
            command,
            cwd=tmp_path,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    else:
        inside = open_terminal(*server, "new-session", *command)
    folder = wait_for_run(tmp_path)
    if tmux is not None:
        inside.close()
        inside.end_code()
    flag.touch()
    wait_until(lambda: state_of(folder).state == "finished", "the sweep to end")
    assert state_of(folder).counts == {"finished": 2}
    if tmux is None:
        session.wait(60)


def test_hangup_of_a_detached_sweep_is_ignored_by_its_runs(
    tmp_path: Path, flag: Path, open_terminal: Callable[..., Terminal]
) -> None:
    terminal = open_terminal(*COMMAND, "sweep", "--workers", "1", "--detach")
    folder = wait_for_run(tmp_path)
    terminal.close()
    assert terminal.end_code() in (0, -signal.SIGHUP)
    flag.touch()
    wait_until(lambda: state_of(folder).state == "finished", "the sweep to end")
    assert state_of(folder).counts == {"finished": 2}
