"""A Ray cluster of two nodes on this machine, for tests and benchmarks.

It needs a network namespace with the addresses below and root in it, as in `scripts/test-ray`.
"""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cluster_sweep import wait_for

RAY = str(Path(sys.executable).parent / "ray")
PORT = 6399
ADDRESSES = {"node1": "10.99.0.1", "node2": "10.99.0.2", "node3": "10.99.0.2"}
HEAD = "node1"
_START_S = 120


class RayCluster:
    """A cluster. Each node has its own host name, by which its processes are recognised.

    Args:
        folder: for its files. The path must be short, because it holds sockets.
        n_cpus: the number of CPUs of each node.

    Attributes:
        node_files: the folder for temporary files on all nodes.
    """

    def __init__(self, folder: Path, n_cpus: int = 2) -> None:
        self._folder = folder
        self._n_cpus = n_cpus
        self._nodes: dict[str, str] = {}
        self.node_files = folder / "n"
        self.node_files.mkdir()
        self._token = folder / "token"
        self._token.write_text(secrets.token_hex(16))
        self._token.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment for the cluster's users. Ray gives up a lost head after 10 s."""
        return {
            **os.environ,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self._token),
            "RAY_ADDRESS": f"{ADDRESSES[HEAD]}:{PORT}",
            "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
        }

    def up(self) -> None:
        self.start_head()
        self.start_node("node2")

    def start_head(self) -> None:
        folder = f"--temp-dir={self._folder}/t"
        self._start(HEAD, "--head", f"--port={PORT}", folder, "--include-dashboard=false")

    def start_node(self, name: str, *options: str, **variables: str) -> None:
        """
        Args:
            options: further options of `ray start`.
            variables: further environment variables.
        """
        self._start(name, f"--address={ADDRESSES[HEAD]}:{PORT}", *options, **variables)

    def _start(self, name: str, *options: str, **variables: str) -> None:
        environment = {**self.environment, "TMPDIR": str(self.node_files), **variables}
        del environment["RAY_ADDRESS"]
        usual = (f"--num-cpus={self._n_cpus}", "--object-store-memory=100000000")
        command = [RAY, "start", *options, f"--node-ip-address={ADDRESSES[name]}", *usual]
        mark = self._folder / f"{name}.uts"
        script = f'hostname {name}; readlink /proc/self/ns/uts > {mark}; exec "$@"'
        subprocess.run(
            ["unshare", "--uts", "sh", "-c", script, name, *command],
            env=environment,
            check=True,
            timeout=_START_S,
            stdout=subprocess.DEVNULL,
        )
        self._nodes[name] = mark.read_text().strip()

    def kill_node(self, name: str) -> None:
        """Kill a node, as if its machine lost power."""
        for pid in list(self.processes_of(name)):
            _kill(pid)
        wait_for(lambda: not list(self.processes_of(name)), f"{name} to be gone")

    def kill_raylet(self, name: str) -> None:
        """As when Ray's own daemon on a node crashes, and nothing else."""
        for pid in set(self.processes_of(name)) & set(_processes_with(b"raylet/raylet")):
            _kill(pid)

    def preempt_node(self, name: str, within_s: float) -> None:
        """Announce that a node is taken away, as autoscalers do for spot instances."""
        script = (
            "import sys, ray; ray.init(address='auto', log_to_driver=False); "
            "print(next(one['NodeID'] for one in ray.nodes() if one['Alive'] "
            "and one['NodeManagerAddress'] == sys.argv[1]))"
        )
        found = self._ask([sys.executable, "-c", script, ADDRESSES[name]])
        self._ask(
            [
                RAY,
                "drain-node",
                f"--node-id={found.split()[-1]}",
                "--reason=DRAIN_NODE_REASON_PREEMPTION",
                "--reason-message=taken away",
                f"--deadline-remaining-seconds={within_s:g}",
            ]
        )

    def _ask(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=_START_S,
        )
        return done.stdout

    def kill_head_server(self) -> None:
        """Kill the server of the head. The node of the head survives for a while."""
        for pid in list(_processes_with(b"gcs_server")):
            _kill(pid)

    def processes_of(self, name: str) -> Iterator[int]:
        """Return all processes on a node: Ray's and those of runs."""
        for pid in _pids():
            if _uts_of(pid) == self._nodes.get(name, ""):
                yield pid

    def slots(self) -> list[int]:
        """Return the processes of all slots."""
        return list(_processes_with(b"ray::SlotActor"))

    def down(self) -> None:
        for name in ADDRESSES:
            self.kill_node(name)


def _pids() -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _uts_of(pid: int) -> str | None:
    """Return the UTS namespace of a process, which identifies its host name."""
    try:
        return os.readlink(f"/proc/{pid}/ns/uts")
    except OSError:
        return None


def _processes_with(text: bytes) -> Iterator[int]:
    for pid in _pids():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if text in command:
            yield pid


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
