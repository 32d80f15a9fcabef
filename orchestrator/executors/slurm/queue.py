"""Parse the output of `squeue`: jobs, their states, and reasons in words for people. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

FORMAT = "%i|%j|%T|%r|%N"
_N_FIELDS = 5

PENDING = frozenset(("PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"))
STARTING = frozenset(("CONFIGURING", "RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "RESIZING"))
SUSPENDED = frozenset(("SUSPENDED", "STOPPED"))

_WORDS: Mapping[str, str] = {
    "Resources": "waiting for resources",
    "Priority": "waiting behind jobs of higher priority",
    "None": "waiting to be scheduled",
    "BeginTime": "waiting for its begin time",
    "Reservation": "waiting for its reservation",
    "Licenses": "waiting for licenses",
    "ReqNodeNotAvail": "waiting for a node that is not available",
    "PartitionDown": "the partition is down",
    "PartitionInactive": "the partition is inactive",
    "NodeDown": "a node is down",
    "QOSMaxJobsPerUserLimit": "waiting: as many jobs as the QOS allows a user are running",
    "QOSMaxCpuPerUserLimit": "waiting: as many CPUs as the QOS allows a user are used",
    "AssocGrpCpuLimit": "waiting: as many CPUs as the account may use are used",
    "AssocMaxJobsLimit": "waiting: as many jobs as the account may run are running",
    "PartitionTimeLimit": "asks for more time than the partition allows",
    "PartitionNodeLimit": "asks for more nodes than the partition has",
    "DependencyNeverSatisfied": "waits for a job that failed",
    "JobHeldUser": "held by a user",
    "JobHeldAdmin": "held by an administrator",
    "BadConstraints": "no node has what it asks for",
    "job_requeued_in_held_state": "held after it was requeued",
    "launch_failed_requeued_held": "held after its launch failed",
}
_NEVER: Mapping[str, str] = {
    "PartitionTimeLimit": "lower time, or choose another partition",
    "PartitionNodeLimit": "lower nodes, or choose another partition",
    "QOSMaxWallDurationPerJobLimit": "lower time, or choose another qos",
    "AssocMaxWallDurationPerJobLimit": "lower time, or choose another account",
    "DependencyNeverSatisfied": "stop the run",
    "BadConstraints": "ask for what a node has",
    "JobHeldUser": "release it with: scontrol release {id}",
    "JobHeldAdmin": "ask an administrator to release it, or stop the run",
    "job_requeued_in_held_state": "release it with: scontrol release {id}",
    "launch_failed_requeued_held": "see why its launch failed, and stop the run",
}


@dataclass(frozen=True)
class Job:
    """A job as `squeue` lists it.

    Attributes:
        reason: Slurm's word, such as `Resources`.
        nodes: those that it has, or empty while it has none.
    """

    id: str
    name: str
    state: str
    reason: str = ""
    nodes: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it runs or will run."""
        return self.state not in PENDING | STARTING | SUSPENDED


def parse_jobs(text: str) -> list[Job]:
    """Parse the jobs in an answer of `squeue`. Lines that make no sense are left out."""
    jobs = []
    for line in text.splitlines():
        number, _, rest = line.partition("|")  # a name may contain any character
        fields = rest.rsplit("|", _N_FIELDS - 2)
        if number.strip().isdecimal() and len(fields) == _N_FIELDS - 1:
            name, state, reason, nodes = fields
            jobs.append(Job(number.strip(), name, state.strip(), reason.strip(), nodes.strip()))
    return jobs


def reason_text(job: Job) -> str:
    """Explain to people why a job waits."""
    word = job.reason.partition(",")[0].strip()
    return _WORDS.get(word) or (f"waiting: {job.reason}" if word else "waiting to be scheduled")


def never_starts(job: Job) -> str | None:
    """Return what to do about a job that waits forever, or None for one that will start."""
    advice = _NEVER.get(job.reason.partition(",")[0].strip())
    return None if advice is None else advice.format(id=job.id)


def group_by_name(jobs: list[Job]) -> dict[str, list[Job]]:
    """Return the jobs of each name, in the order of their numbers."""
    found: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: int(job.id)):
        found.setdefault(job.name, []).append(job)
    return found
