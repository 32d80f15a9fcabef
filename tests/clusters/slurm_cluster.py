"""A real Slurm on loopback: a controller and two virtual nodes of two CPUs, from Debian's packages.

Everything of it is in one folder and listens on 127.0.0.1, so clusters do not disturb each other,
nor one that is installed on the machine.
"""

import contextlib
import getpass
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

from cluster_sweep import LIMIT_S, wait_for

_FIT_WITHIN_S = 20
_PORTS = range(20_000, 32_000)  # below those that the kernel gives to connections
NODES = ("node1", "node2")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "sinfo")
_CGROUPS = Path("/sys/fs/cgroup")
_ADMIN_PATH = "/usr/local/sbin:/usr/sbin:/sbin"

_CONF = """\
ClusterName=ci
SlurmctldHost={host}(127.0.0.1)
SlurmctldAddr=127.0.0.1
SlurmctldPort={port}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/run/munge.sock
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/{tracker}
TaskPlugin={task}
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=5
OverTimeLimit=0
MinJobAge=300
SlurmdTimeout=300
SlurmdParameters=config_overrides
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port1} CPUs=2 RealMemory=8000
NodeName=node2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port2} CPUs=2 RealMemory=8000
PartitionName=debug Nodes=node1,node2 Default=YES MaxTime=INFINITE PriorityTier=1 \
PreemptMode=REQUEUE GraceTime=0 DefMemPerCPU=100
PartitionName=high Nodes=node1,node2 MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF \
DefMemPerCPU=100
PartitionName=short Nodes=node1,node2 MaxTime=2 PriorityTier=1 DefMemPerCPU=100
"""
_CGROUP_CONF = """\
CgroupMountpoint=/sys/fs/cgroup
CgroupPlugin=cgroup/v1
ConstrainRAMSpace=yes
ConstrainSwapSpace=no
"""


def can_use_cgroups() -> bool:
    """Whether Slurm can make control groups here: version 1, as root."""
    return os.geteuid() == 0 and os.access(_CGROUPS / "freezer" / "tasks", os.W_OK)


def missing_programs() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name, path=_path()) is None]


class SlurmCluster:
    """A separate cluster.

    Args:
        folder: for its files. The path must be short, because it holds sockets.
        tracker: how it tracks the processes of a job: `linuxproc` or `cgroup`.
        on_a_node: what the daemon of each node is started with.
        changes: other values of `slurm.conf`.

    Attributes:
        is_damaged: a part of it was killed. Slurm may then drain a node, or start jobs twice.
    """

    def __init__(
        self,
        folder: Path,
        tracker: str = "linuxproc",
        *,
        on_a_node: tuple[str, ...] = (),
        **changes: str,
    ) -> None:
        self.folder = folder
        self._on_a_node = on_a_node
        self.tracker = tracker
        self.is_damaged = False
        for name in ("state", "spool", "log", "run"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        port, port1, port2 = _free_ports(3)
        text = _CONF.format(
            host=socket.gethostname().partition(".")[0],
            user=getpass.getuser(),
            folder=folder,
            port=port,
            port1=port1,
            port2=port2,
            tracker=tracker,
            task="task/cgroup" if tracker == "cgroup" else "task/none",
        )
        lines = [line for line in text.splitlines() if line.partition("=")[0] not in changes]
        lines += [f"{key}={value}" for key, value in changes.items()]
        (folder / "slurm.conf").write_text("\n".join(lines) + "\n")
        if tracker == "cgroup":
            (folder / "cgroup.conf").write_text(_CGROUP_CONF)
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": _path()}

    # --- its daemons --------------------------------------------------------------------------

    def up(self) -> None:
        """Start it, and wait until both nodes are idle."""
        run = self.folder / "run"
        self.command(
            "munged",
            "--force",
            f"--key-file={self.folder}/munge.key",
            f"--socket={run}/munge.sock",
            f"--pid-file={run}/munged.pid",
            f"--log-file={self.folder}/log/munged.log",
            f"--seed-file={run}/munged.seed",
        )
        self.command("slurmctld", "-c")
        for node in NODES:
            self.start_node(node)
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until both nodes can take jobs.

        Raises:
            TimeoutError: they cannot. The message has the logs of the daemons.
        """
        try:
            wait_for(lambda: self._n_idle() == len(NODES), "both nodes to be idle")
        except TimeoutError as error:
            logs = [path.read_text()[-2000:] for path in (self.folder / "log").glob("*.log")]
            raise TimeoutError("\n".join([str(error), *logs])) from None

    @property
    def is_fit(self) -> bool:
        """Whether the next test may have it: whole, empty, and both nodes idle before long."""
        if self.is_damaged:
            return False
        try:
            wait_for(
                lambda: self._n_idle() == len(NODES) and not self.jobs(), "idle", _FIT_WITHIN_S
            )
        except TimeoutError:
            return False
        return True

    def _n_idle(self) -> int:
        message = self.command("sinfo", "-h", "-p", "debug", "-t", "idle", "-o", "%D", check=False)
        return sum(int(number) for number in message.split() if number.isdecimal())

    def start_controller(self) -> None:
        self.command("slurmctld")

    def kill_controller(self) -> None:
        self.is_damaged = True
        self._end("slurmctld.pid", signal.SIGKILL)

    def start_node(self, node: str) -> None:
        self.command(*self._on_a_node, "slurmd", "-N", node)

    def kill_node(self, node: str) -> None:
        """As a crash of the node: its daemons and all of its jobs are gone at once."""
        self.is_damaged = True
        jobs = self._processes_of(node)
        self._end(f"slurmd-{node}.pid", signal.SIGKILL)
        for pid in jobs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def down(self) -> None:
        """End all jobs and daemons, by number."""
        self.cancel_all()
        names = [*(f"slurmd-{node}.pid" for node in NODES), "slurmctld.pid", "munged.pid"]
        for name in names:
            self._end(name, signal.SIGTERM)
        for pid in [pid for node in NODES for pid in self._processes_of(node)]:
            with contextlib.suppress(
                ProcessLookupError
            ):  # they wait for a controller that was killed
                os.kill(pid, signal.SIGKILL)
        if self.tracker == "cgroup":
            _remove_cgroups()

    def cancel_all(self) -> None:
        """End all jobs, and wait until nothing of them is left."""
        if self.jobs():
            self.command("scancel", f"--user={getpass.getuser()}", check=False)
            with contextlib.suppress(TimeoutError):
                wait_for(lambda: not self.jobs(), "all jobs to end", within_s=20)

    def _end(self, pid_name: str, number: signal.Signals) -> None:
        path = self.folder / "run" / pid_name
        try:
            pid = int(path.read_text())
            os.kill(pid, number)
        except (OSError, ValueError):
            return
        with contextlib.suppress(TimeoutError):
            wait_for(lambda: not _is_running(pid), f"{pid_name} to end", 10)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        path.unlink(missing_ok=True)

    def _processes_of(self, node: str) -> list[int]:
        """The processes of the jobs on a node, and Slurm's own that look after them."""
        conf = f"SLURM_CONF={self.folder}/slurm.conf"  # other clusters have nodes of this name
        marks = {b"SLURMD_NODENAME=" + node.encode(), conf.encode()}
        found = [pid for pid, marked in _environments() if marks <= marked]
        found += [
            pid for pid, words in _commands() if b"slurmstepd" in words and self._is_on(pid, node)
        ]
        return found

    def _is_on(self, pid: int, node: str) -> bool:
        """Whether a daemon of a job has the files of a node open."""
        spool = f"{self.folder}/spool/{node}"
        try:
            links = [os.readlink(one) for one in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:
            return False
        return any(link.startswith((spool, f"{self.folder}/log/slurmd-{node}")) for link in links)

    # --- its commands -------------------------------------------------------------------------

    def command(self, *arguments: str, check: bool = True, stdin: str = "") -> str:
        """What a command prints.

        Raises:
            AssertionError: it failed.
        """
        done = subprocess.run(
            arguments,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments}: {done.stderr or done.stdout}")
        return done.stdout

    def jobs(self, states: str = "pending,running,completing,suspended") -> list[str]:
        """The numbers of the jobs in these states."""
        return self.command("squeue", "-h", "-t", states, "-o", "%i", check=False).split()

    def occupy(self, partition: str = "high") -> str:
        """Start a job that takes all CPUs of both nodes, and return its number."""
        job = self.ask_for_all(partition)
        wait_for(lambda: job in self.jobs("running"), "both nodes to be occupied")
        return job

    def failed_job(self) -> str:
        """Submit a job that fails, and return its number."""
        options = ["--parsable", "--hold", "--output=/dev/null"]
        job = self.command("sbatch", *options, stdin="#!/bin/sh\nexit 1\n").strip()
        self.command("scancel", job)
        wait_for(lambda: job not in self.jobs(), "a job to fail")
        return job

    def ask_for_all(self, partition: str = "high") -> str:
        """Submit a job that waits for all CPUs of both nodes, and return its number."""
        script = "#!/bin/sh\nexec sleep 600\n"
        options = [f"--partition={partition}", "--nodes=2", "--exclusive", "--output=/dev/null"]
        return self.command("sbatch", "--parsable", *options, stdin=script).strip()


def _is_running(pid: int) -> bool:
    """Return whether a process is alive and no zombie: not every init reaps its children."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:{_ADMIN_PATH}"


def _free_ports(n: int) -> list[int]:
    """Ports that stay free for daemons which are started again: no connection gets them."""
    found: list[int] = []
    while len(found) < n:
        port = random.choice(_PORTS)
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("127.0.0.1", port))
            if port not in found:
                found.append(port)
    return found


def _environments() -> Iterable[tuple[int, set[bytes]]]:
    return ((pid, set(data.split(b"\0"))) for pid, data in _read_all("environ"))


def _commands() -> Iterable[tuple[int, bytes]]:
    return _read_all("cmdline")


def _read_all(name: str) -> Iterable[tuple[int, bytes]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(folder.name), (folder / name).read_bytes()


def _remove_cgroups() -> None:
    for top in _CGROUPS.glob("*/slurm*"):
        folders = sorted((one for one in top.rglob("*") if one.is_dir()), reverse=True)
        for folder in [*folders, top]:
            with contextlib.suppress(OSError):
                folder.rmdir()
