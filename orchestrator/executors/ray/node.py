"""What runs on the nodes of a Ray cluster: an actor for each slot, with one run at a time.

It is sent there by value, so it needs the standard library alone, and Ray.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from .relay import Chunk, Relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Spec = dict[str, Any]

_LOOK_S = 0.05
_READ_FOR_S = 1.0
_UNATTENDED_S = 3600.0


class NodeRun:
    """One run on this node: its files, its runner, and the pipe that ties the runner to us.

    Args:
        spec: what `batch_runner` needs. Its paths below `sweep_folder` become paths on this node.
        root: where files are put that nobody else sees. None writes into the sweep's folder.
    """

    def __init__(self, spec: "Spec", sizes: "dict[str, int]", root: "str | None") -> None:
        self.stem: str = spec["tag"]["name"]
        self.is_shared = root is None
        shared: str = spec["sweep_folder"]
        name = os.path.basename(shared)
        self.folder = shared if root is None else os.path.join(root, self.stem, name)
        self._own = self.folder if root is None else os.path.join(root, self.stem)
        self._relay = Relay(self.folder, self.stem, sizes)
        self._record = os.path.join(self.folder, ".ray", f"{self.stem}.processes.jsonl")
        self._lifeline_fd = -1
        self._spec = spec
        self._n_record_bytes = -1

    def begin(self, archive: str) -> None:
        """
        Raises:
            OSError: the runner cannot be started.
        """
        own = os.path.join(self.folder, ".ray")
        os.makedirs(own, mode=0o700, exist_ok=True)
        spec = self._on_this_node()
        os.makedirs(os.path.dirname(spec["output"]), exist_ok=True)
        path = os.path.join(own, f"{self.stem}.json")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        read_fd, self._lifeline_fd = os.pipe()
        try:
            with open(os.path.join(own, f"{self.stem}.out"), "ab") as output:
                subprocess.run(
                    [sys.executable, "-I", "-S", archive, path, str(read_fd)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=[read_fd],
                    start_new_session=True,
                    check=True,
                )
        finally:
            os.close(read_fd)

    def _on_this_node(self) -> "Spec":
        """The specification with the paths and the Python of this node."""
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
        return {
            **spec,
            "environment": environment,
            "marker": f"{marker}={environment.get(marker, '')}",
            "output": _swapped(spec["output"], swaps),
            "record": self._record,
            "thread_variables": [],
        }

    def send(self, letter: bytes) -> None:
        """Ask the runner something. It may be gone."""
        with contextlib.suppress(OSError):
            os.write(self._lifeline_fd, letter)

    def is_over(self) -> bool:
        """Whether the runner has taken down that nothing of the run is left, or never started."""
        data = self._read_record()
        return b'"run_over"' in data or b'"not_started"' in data

    def _read_record(self) -> bytes:
        try:
            with open(self._record, "rb") as file:
                return file.read()
        except OSError:
            return b""

    def read(self, *, is_over: bool) -> "list[Chunk]":
        """What is to be passed on. With a shared folder an empty chunk where the record grew."""
        if not self.is_shared:
            return self._relay.read(is_over=is_over)
        n_bytes = len(self._read_record())
        if n_bytes == self._n_record_bytes:
            return []
        self._n_record_bytes = n_bytes
        return [Chunk(os.path.relpath(self._record, self.folder), 0, b"", False)]

    def pass_on_from(self, sizes: "dict[str, int]") -> None:
        """Somebody else asks from now on, who has so much of the growing files."""
        self._relay = Relay(self.folder, self.stem, sizes)
        self._n_record_bytes = -1

    def close(self) -> None:
        """Remove what this node alone has of it."""
        if self._lifeline_fd >= 0:
            os.close(self._lifeline_fd)
            self._lifeline_fd = -1
        if not self.is_shared:
            shutil.rmtree(self._own, ignore_errors=True)


def _swapped(text: str, swaps: "dict[str, str]") -> str:
    """A text with folders of the orchestrator's machine replaced by those of this node."""
    for before, after in swaps.items():
        if text == before or before + os.sep in text:
            return text.replace(before + os.sep, after + os.sep) if text != before else after
        if f'"{before}' in text:
            return text.replace(before, after)
    return text


class SlotActor:
    """One slot: begins runs, passes their files on, ends them.

    Args:
        archive: the program that supervises a run.
    """

    def __init__(self, archive: bytes) -> None:
        self._root = tempfile.mkdtemp(prefix="mlto-")
        self._archive = os.path.join(self._root, "runner.zip")
        with open(self._archive, "wb") as file:
            file.write(archive)
        self._runs: dict[str, NodeRun] = {}
        self._asked_at = time.monotonic()
        self._watching = asyncio.get_event_loop().create_task(self._leave_if_unattended())

    async def begin(self, spec: "Spec", sizes: "dict[str, int]") -> None:
        """Begin a run, unless it was begun before.

        Raises:
            OSError: its runner cannot be started.
        """
        self._asked_at = time.monotonic()
        name = spec["tag"]["name"]
        if name in self._runs:
            return
        run = NodeRun(spec, sizes, None if spec["is_shared"] else self._root)
        run.begin(self._archive)
        self._runs[name] = run

    async def adopt(self, name: str, sizes: "dict[str, int]") -> bool:
        """Pass a run's files on from these sizes on, or False if it is not known here."""
        run = self._runs.get(name)
        if run is not None:
            run.pass_on_from(sizes)
        return run is not None

    async def read(self, name: str) -> "tuple[list[tuple[str, int, bytes, bool]], bool]":
        """What has come of a run's files, and whether that was all. Waits a second for it."""
        run = self._runs[name]
        until = time.monotonic() + _READ_FOR_S
        while True:
            self._asked_at = time.monotonic()
            is_over = run.is_over()
            chunks = run.read(is_over=is_over)
            if chunks or is_over or self._asked_at >= until:
                return [(*chunk,) for chunk in chunks], is_over and not chunks
            await asyncio.sleep(_LOOK_S)

    async def send(self, name: str, letter: bytes) -> None:
        """Ask the runner of a run something, if it is there."""
        run = self._runs.get(name)
        if run is not None:
            run.send(letter)

    async def forget(self, name: str) -> None:
        """Remove the files of a run that has ended and was passed on."""
        run = self._runs.pop(name, None)
        if run is not None:
            run.close()

    async def leave(self) -> None:
        """Free the slot, and remove its files on the node."""
        shutil.rmtree(self._root, ignore_errors=True)
        os._exit(0)

    async def _leave_if_unattended(self) -> None:
        """Free the slot where nothing runs and nobody has asked for an hour."""
        while True:
            await asyncio.sleep(_READ_FOR_S * 30)
            is_idle = all(run.is_over() for run in self._runs.values())
            if is_idle and time.monotonic() - self._asked_at > _UNATTENDED_S:
                await self.leave()
