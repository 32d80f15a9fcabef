"""Slurm's commands, each with a time limit. Their output is returned as values and errors.

They take milliseconds, or a quarter of a minute while the controller is away: call them in threads.
"""

import errno
import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence

from ml_tracking_ops.logger import os_files

from ...errors import UsageError
from .queue import FORMAT, Job, parse_jobs

COMMANDS = ("sbatch", "squeue", "scancel")
LIMIT_S = 60.0
_CONFIG_LIMIT_S = 10.0
_SIGNAL_LIMIT_S = 10.0
_KILL_WAIT_S = 30.0
_PREFIXES_LEFT_OUT = ("SLURM_", "SBATCH_", "SRUN_", "SALLOC_", "SQUEUE_", "SCANCEL_", "PMI")
_KEPT = frozenset(("SLURM_CONF",))
_LEFT_OUT = frozenset(("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"))
_NO_CONFIGURATION = re.compile(
    r"resolve_ctls_from_dns_srv|configuration source|fetch_config|slurm\.conf", re.IGNORECASE
)
_PASSING = re.compile(
    r"unable to contact|socket timed out|temporarily|try again|connection (?:refused|timed out)|"
    r"zero bytes|accounting/qos policy|communication|unexpected message|transport endpoint|"
    r"slurm_load|backup controller|rate limit|too many|munge",
    re.IGNORECASE,
)


class SlurmError(OSError):
    """A command of Slurm has failed. Its number is `EAGAIN` if it may be tried again later."""

    def __str__(self) -> str:
        return str(self.strerror)


def explain_refusal(error: SlurmError) -> str:
    """Return why a job cannot be tested, as far as Slurm answers at all."""
    if _NO_CONFIGURATION.search(str(error)):
        return (
            f"Slurm's configuration is not found here: {error}. Run this command on a login node, "
            "or set SLURM_CONF"
        )
    if error.errno == errno.EAGAIN:
        return f"Slurm takes no such job now: {error}. Try again later"
    return f"Slurm would refuse such a job: {error}"


def plain_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the variables of a job or an allocation around this process."""
    return {
        name: value
        for name, value in environment.items()
        if name in _KEPT or not (name.startswith(_PREFIXES_LEFT_OUT) or name in _LEFT_OUT)
    }


def refuse_without_slurm() -> None:
    """Check that Slurm's commands are installed.

    Raises:
        UsageError: Slurm's commands are not here.
    """
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    if missing:
        raise UsageError(
            f"there is no {' and no '.join(missing)} here: run this command on a login node of a "
            "Slurm cluster"
        )


class SlurmClient:
    """Sends requests to Slurm as this user. May be used from several threads.

    Args:
        environment: what jobs inherit, by default this process's.
        limit_s: how long a command may take.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, limit_s: float = LIMIT_S
    ) -> None:
        self._limit_s = limit_s
        self._environment = plain_environment(os.environ if environment is None else environment)

    def submit(self, options: Sequence[str], script: str) -> str:
        """Submit a job, and return its number.

        Raises:
            SlurmError: it was not submitted, or this is not known.
        """
        output = self._run(["sbatch", "--parsable", "--no-requeue", *options], script)
        number = output.strip().rpartition("\n")[2].partition(";")[0]
        if not number.isdecimal():
            raise SlurmError(
                errno.EAGAIN, f"sbatch printed {output.strip()!r}, which is not a job number"
            )
        return number

    def test(self, options: Sequence[str], script: str) -> str:
        """Return Slurm's estimate for a job without submitting it.

        Raises:
            SlurmError: it would be refused.
        """
        command = ["sbatch", "--test-only", *options]
        return _without_name(self._run(command, script, is_error_wanted=True))

    def jobs(self, name: str | None = None) -> list[Job]:
        """Return all jobs of this user that Slurm knows, or those of a name.

        Raises:
            SlurmError: Slurm does not answer.
        """
        only = [] if name is None else [f"--name={name}"]
        user = f"--user={os_files.user_id()}"
        command = ["squeue", "--noheader", "--states=all", user, *only, f"--format={FORMAT}"]
        return parse_jobs(self._run(command))

    def cancel(self, ids: Iterable[str]) -> None:
        """End jobs, as Slurm does."""
        self._run(["scancel", *ids])

    def signal(self, ids: Iterable[str], name: str) -> None:
        """Signal only the runner of each job."""
        self._run(["scancel", f"--signal={name}", "--batch", *ids], within_s=_SIGNAL_LIMIT_S)

    def kill_wait_s(self) -> float:
        """Return how long after TERM Slurm kills the rest of a job."""
        try:
            output = self._run(["scontrol", "show", "config"], within_s=_CONFIG_LIMIT_S)
        except OSError:
            return _KILL_WAIT_S
        found = re.search(r"^KillWait\s*=\s*(\d+)", output, re.MULTILINE)
        return _KILL_WAIT_S if found is None else float(found[1])

    def _run(
        self,
        command: Sequence[str],
        script: str = "",
        *,
        is_error_wanted: bool = False,
        within_s: float = math.inf,
    ) -> str:
        name, within_s = command[0], min(within_s, self._limit_s)
        try:
            done = subprocess.run(
                command,
                input=script,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=within_s,
                check=False,
                env=self._environment,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            text = f"{name} has not answered within {within_s:.0f} s"
            raise SlurmError(errno.EAGAIN, text) from None
        if done.returncode == 0:
            return done.stderr if is_error_wanted else done.stdout
        text = _without_name(done.stderr) or f"{name} ended with exit code {done.returncode}"
        number = errno.EAGAIN if _PASSING.search(text) else errno.EINVAL
        raise SlurmError(number, text)


def _without_name(text: str) -> str:
    """Return the output of a command without its name at the beginning of each line."""
    lines = [re.sub(r"^s\w+: (error: )?", "", line).strip() for line in text.splitlines()]
    return "; ".join(line for line in lines if line)
