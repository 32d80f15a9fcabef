"""The keys of `executor` for Slurm."""

from typing import Any

import pytest

from ml_tracking_ops.orchestrator.executors.slurm.settings import SlurmSettings, setting_problems
from ml_tracking_ops.orchestrator.supervision.batch_facts import seconds_in


def test_keys_become_options_of_sbatch() -> None:
    settings = SlurmSettings(
        partition="gpu",
        time="2:00:00",
        gpus_per_node="a100:2",
        cpus_per_task=8,
        mem="32G",
        additional_parameters={"nice": 100, "exclusive": True, "mail_user": None, "--hold": False},
    )
    assert settings.options() == [
        "--partition=gpu",
        "--time=2:00:00",
        "--nodes=1",
        "--cpus-per-task=8",
        "--gpus-per-node=a100:2",
        "--mem=32G",
        "--nice=100",
        "--exclusive",
    ]


@pytest.mark.parametrize(
    ("keys", "key", "message"),
    [
        ({"partiton": "gpu"}, "partiton", "unknown key, did you mean partition?"),
        ({"mem": "1G", "mem_per_cpu": "1G"}, "mem", "and mem_per_cpu exclude each other"),
        ({"time": "soon"}, "time", "must be a time limit such as"),
        ({"nodes": 0}, "nodes", "must be a whole number, 1 or more, got 0"),
        ({"setup": "module load"}, "setup", "must be a list of shell lines"),
        ({"poll_interval_s": 1}, "poll_interval_s", "must be a number, 15 or more"),
        (
            {"additional_parameters": {"output": "x"}},
            "additional_parameters.output",
            "is set by the sweep itself",
        ),
        (
            {"additional_parameters": {"--job_name": "x"}},
            "additional_parameters.--job_name",
            "is set by the sweep itself",
        ),
        (
            {"additional_parameters": {"mem-per-cpu": "1G"}},
            "additional_parameters.mem-per-cpu",
            "is a key of its own",
        ),
    ],
)
def test_mistake_in_a_key_is_named(keys: dict[str, Any], key: str, message: str) -> None:
    ((found, text),) = setting_problems(keys)
    assert found == key
    assert text.startswith(message)


def test_all_mistakes_in_keys_are_named_at_once() -> None:
    more = {"output": "x", "nice": 100, "--job_name": "x", "qos": "high"}
    found = dict(setting_problems({"time": "soon", "additional_parameters": more}))
    names = ["output", "--job_name", "qos"]
    assert list(found) == ["time", *(f"additional_parameters.{name}" for name in names)]
    assert found["additional_parameters.qos"] == "is a key of its own: write it beside type"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 5400),
        ("1:30", 90),
        ("2:00:00", 7200),
        ("1-12", 129600),
        ("1-12:30", 131400),
        ("1-00:00:01", 86401),
        ("UNLIMITED", None),
        ("", None),
        ("1:2:3:4", None),
        ("1-1:2:3:4", None),
        ("-5", None),
    ],
)
def test_times_are_read_as_slurm_reads_them(text: str, seconds: float | None) -> None:
    assert seconds_in(text) == seconds
