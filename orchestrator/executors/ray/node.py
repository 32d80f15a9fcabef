"""What runs on the nodes of a Ray cluster: an actor for each slot, with one run at a time.

It is sent there by value, so it needs only the standard library, and Ray.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

from .relay import MOST_BYTES, Chunk, Relay

if sys.platform == "win32":
    raise ImportError("no sweep runs on Windows")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Spec = dict[str, Any]

_LOOK_S = 0.05
_READ_FOR_S = 1.0
_UNATTENDED_S = 3600.0


class NodeRun:
    """One run on this node: its files, its runner, and the socket that connects the two.

    Args:
        spec: what `batch_runner` needs. Its paths below `sweep_folder` become paths on this node,
            unless it `is_shared`.
    """

    def __init__(self, spec: "Spec", sizes: "dict[str, int]") -> None:
        self.stem: str = spec["tag"]["name"]
        self.is_shared: bool = spec["is_shared"]
        self._own = tempfile.mkdtemp(prefix="mlto-")
        shared: str = spec["sweep_folder"]
        is_here = self.is_shared
        self.folder = shared if is_here else os.path.join(self._own, os.path.basename(shared))
        self._relay = Relay(self.folder, self.stem, sizes)
        self._record = os.path.join(self.folder, ".ray", f"{self.stem}.processes.jsonl")
        self._lifeline: socket.socket | None = None
        self._is_left = asyncio.Event()
        self._spec = spec
        self._marker = b""
        self._n_record_bytes = -1

    def begin(self, server: "SlotServer") -> None:
        """Start the runner.

        Raises:
            OSError: the runner cannot be started.
        """
        spec = self._on_this_node()
        self._marker = os.fsencode(spec["marker"])
        for folder in (os.path.dirname(self._record), os.path.dirname(spec["output"])):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        path = os.path.join(self._own, "run.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        self._lifeline, theirs = socket.socketpair()
        self._lifeline.setblocking(False)
        with theirs:
            server.start_runner(path, theirs.fileno())
        asyncio.get_running_loop().add_reader(self._lifeline, self._see_left)

    def _see_left(self) -> None:
        """Note that the runner has closed the socket."""
        if self._lifeline is not None:
            asyncio.get_running_loop().remove_reader(self._lifeline)
        self._is_left.set()

    async def wait_left(self, within_s: float) -> None:
        """Wait for the exit of the runner, but no longer than this."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._is_left.wait(), within_s)

    def _on_this_node(self) -> "Spec":
        """Return the specification with the paths and the Python of this node."""
        spec, swaps = dict(self._spec), {self._spec["sweep_folder"]: self.folder}
        if spec["working_dir"] is not None:
            swaps[spec["working_dir"]] = os.getcwd()
        swapped = [_swapped(one, swaps) for one in spec["arguments"]]
        spec["arguments"] = [sys.executable if one == spec["python"] else one for one in swapped]
        spec["folder"] = _swapped(spec["folder"], swaps)
        environment = {key: _swapped(one, swaps) for key, one in spec["environment"].items()}
        threads = str(max(1, int(spec["num_cpus"])))
        for name in spec["thread_variables"]:
            environment.setdefault(name, threads)
        if not spec["num_gpus"]:
            environment.setdefault("CUDA_VISIBLE_DEVICES", "")
        marker = spec["marker"].partition("=")[0]
        if "sampling" in spec:
            dat_path = _swapped(spec["sampling"]["dat_path"], swaps)
            folders = _package_folders("pynvml")
            spec["sampling"] = {**spec["sampling"], "dat_path": dat_path, "folders": folders}
        return {
            **spec,
            "environment": environment,
            "marker": f"{marker}={environment.get(marker, '')}",
            "output": _swapped(spec["output"], swaps),
            "record": self._record,
            "own_folder": self._own,
            "thread_variables": [],
        }

    def send(self, letter: bytes) -> None:
        """Send a request to the runner, which may be gone."""
        if self._lifeline is not None:
            with contextlib.suppress(OSError):
                self._lifeline.send(letter)

    def is_over(self) -> bool:
        """Return whether the runner has exited: nothing of the run remains, or it never started."""
        if not self._is_left.is_set():
            return False
        record = self._read_record()
        if b'"run_over"' not in record and b'"not_started"' not in record:
            self._end_orphans()
        return True

    def _end_orphans(self) -> None:
        """End the processes of a runner that was killed: nothing else does."""
        for pid in os.listdir("/proc") if os.path.isdir("/proc") else ():
            with contextlib.suppress(OSError):
                if pid.isdecimal() and self._marker in _environment(pid):
                    os.kill(int(pid), signal.SIGKILL)

    def _read_record(self) -> bytes:
        try:
            with open(self._record, "rb") as file:
                return file.read()
        except OSError:
            return b""

    def read(self, *, is_over: bool) -> "list[Chunk]":
        """Return the next files to pass on. In a shared folder, an empty chunk where the record
        grew."""
        if not self.is_shared:
            return self._relay.read(is_over=is_over)
        n_bytes = len(self._read_record())
        if n_bytes == self._n_record_bytes:
            return []
        self._n_record_bytes = n_bytes
        return [Chunk(os.path.relpath(self._record, self.folder), 0, b"", False)]

    def pass_on_from(self, sizes: "dict[str, int]") -> None:
        """Begin again for another reader, who already has this much of the growing files."""
        self._relay = Relay(self.folder, self.stem, sizes)
        self._n_record_bytes = -1

    def close(self) -> None:
        """Remove what only this node has of it."""
        if self._lifeline is not None:
            asyncio.get_running_loop().remove_reader(self._lifeline)
            self._lifeline.close()
            self._lifeline = None
        shutil.rmtree(self._own, ignore_errors=True)


def _package_folders(name: str) -> "list[str]":
    """Return the folders where this Python finds a package. The runner does not search."""
    found = importlib.util.find_spec(name)
    return [] if found is None or found.origin is None else [os.path.dirname(found.origin)]


def _environment(pid: str) -> "list[bytes]":
    with open(f"/proc/{pid}/environ", "rb") as file:
        return file.read().split(b"\0")


def _swapped(text: str, swaps: "dict[str, str]") -> str:
    """Replace folders of the orchestrator's machine in a text by those of this node."""
    for before, after in swaps.items():
        if text == before or before + os.sep in text:
            return text.replace(before + os.sep, after + os.sep) if text != before else after
        if f'"{before}' in text:
            return text.replace(before, after)
    return text


class SlotServer:
    """The program on this node that starts the runners of a slot, and ends after its actor.

    Args:
        archive: the program.
    """

    def __init__(self, archive: bytes) -> None:
        self._archive = archive
        self._socket: socket.socket | None = None
        self._folder = ""

    def start_runner(self, spec_path: str, lifeline_fd: int) -> None:
        """Start a runner with this specification.

        Raises:
            OSError: the program cannot be started, or not reached.
        """
        body = json.dumps({"spec": spec_path}).encode()
        message = [struct.pack("!I", len(body)) + body]
        if self._socket is not None:
            try:
                socket.send_fds(self._socket, message, [lifeline_fd])
                return
            except OSError:
                self._socket.close()  # it was killed, and so did not clean up
                shutil.rmtree(self._folder, ignore_errors=True)
        self._socket = self._start()
        socket.send_fds(self._socket, message, [lifeline_fd])

    def _start(self) -> socket.socket:
        folder = self._folder = tempfile.mkdtemp(prefix="mlto-")
        program = os.path.join(folder, "runner.zip")
        with open(program, "wb") as file:
            file.write(self._archive)
        ours, theirs = socket.socketpair()
        with theirs, open(os.path.join(folder, "out"), "ab") as output:
            subprocess.run(
                [sys.executable, "-I", "-S", program, str(theirs.fileno()), folder],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                check=True,
            )
        return ours


class SlotActor:
    """One slot: begins runs, passes their files on, ends them.

    Args:
        archive: the program that starts runners.
    """

    def __init__(self, archive: bytes) -> None:
        self._server = SlotServer(archive)
        self._runs: dict[str, NodeRun] = {}
        self._asked_at = time.monotonic()
        self._watching = asyncio.get_event_loop().create_task(self._leave_if_unattended())

    async def begin(self, spec: "Spec", sizes: "dict[str, int]") -> None:
        """Begin a run, unless it has begun before.

        Raises:
            OSError: its runner cannot be started.
        """
        self._asked_at = time.monotonic()
        name = spec["tag"]["name"]
        if name in self._runs:
            return
        for other in self._runs.values():  # one that was given up while Ray did not answer
            other.send(b"s")
        run = NodeRun(spec, sizes)
        try:
            run.begin(self._server)
        except BaseException:
            run.close()
            raise
        self._runs[name] = run

    async def adopt(self, name: str, sizes: "dict[str, int]") -> bool:
        """Pass a run's files on from these sizes on. Returns False if it is not known here."""
        run = self._runs.get(name)
        if run is not None:
            run.pass_on_from(sizes)
        return run is not None

    async def read(self, name: str) -> "tuple[list[tuple[str, int, bytes, bool]], bool]":
        """Return new parts of a run's files, and whether that was all. Waits up to a second for
        them."""
        run = self._runs[name]
        until = time.monotonic() + _READ_FOR_S
        while True:
            self._asked_at = time.monotonic()
            is_over = run.is_over()
            chunks = run.read(is_over=is_over)
            if chunks or is_over or self._asked_at >= until:
                is_all = sum(len(chunk.data) for chunk in chunks) < MOST_BYTES
                return [(*chunk,) for chunk in chunks], is_over and is_all
            await run.wait_left(_LOOK_S)

    async def send(self, name: str, letter: bytes) -> None:
        """Send a request to the runner of a run, if it exists."""
        run = self._runs.get(name)
        if run is not None:
            run.send(letter)

    async def forget(self, name: str) -> None:
        """Remove the files of a run that has ended and was passed on."""
        run = self._runs.pop(name, None)
        if run is not None:
            run.close()

    async def leave(self) -> None:
        """Free the slot. The runner of an unfinished run ends it."""
        for run in self._runs.values():
            if run.is_over():
                run.close()
        os._exit(0)

    async def _leave_if_unattended(self) -> None:
        """Free the slot if nothing runs in it and there was no request for an hour."""
        while True:
            await asyncio.sleep(_READ_FOR_S * 30)
            is_idle = all(run.is_over() for run in self._runs.values())
            if is_idle and time.monotonic() - self._asked_at > _UNATTENDED_S:
                await self.leave()
