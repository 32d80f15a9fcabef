"""The output of squeue, and the messages about it."""

from hypothesis import given
from hypothesis import strategies as st

from ml_tracking_ops.orchestrator.executors.slurm.queue import (
    Job,
    group_by_name,
    never_starts,
    parse_jobs,
    reason_text,
)


def test_answer_of_squeue_is_read_with_any_sign_in_names() -> None:
    text = "12|mlto-1-run|PENDING|Resources|\n13|a|b | ü|RUNNING|None|node[1-2]\n"
    assert parse_jobs(text) == [
        Job("12", "mlto-1-run", "PENDING", "Resources", ""),
        Job("13", "a|b | ü", "RUNNING", "None", "node[1-2]"),
    ]


def test_elements_of_arrays_and_lines_that_make_no_sense_are_left_out() -> None:
    assert parse_jobs("42_[6-12%3]|x|PENDING|Resources|\nslurm_load_jobs error\n||||\n") == []


@given(st.text())
def test_any_answer_can_be_read(text: str) -> None:
    assert all(job.id.isdecimal() for job in parse_jobs(text))


def test_reason_is_in_words_if_known() -> None:
    assert reason_text(Job("1", "x", "PENDING", "Priority")) == (
        "waiting behind jobs of higher priority"
    )
    unavailable = Job("1", "x", "PENDING", "ReqNodeNotAvail, UnavailableNodes:n1")
    assert reason_text(unavailable) == "waiting for a node that is not available"
    assert reason_text(Job("1", "x", "PENDING", "QOSGrpGRES")) == "waiting: QOSGrpGRES"


def test_jobs_that_never_start_come_with_advice() -> None:
    assert never_starts(Job("7", "x", "PENDING", "Resources")) is None
    held = never_starts(Job("7", "x", "PENDING", "JobHeldUser"))
    assert held == "release it with: scontrol release 7"
    assert "lower time" in str(never_starts(Job("7", "x", "PENDING", "PartitionTimeLimit")))


def test_jobs_of_a_name_come_in_the_order_of_their_numbers() -> None:
    jobs = [Job("10", "x", "PENDING"), Job("9", "x", "RUNNING"), Job("1", "y", "RUNNING")]
    assert group_by_name(jobs) == {"y": [jobs[2]], "x": [jobs[1], jobs[0]]}
