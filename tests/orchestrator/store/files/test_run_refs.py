"""References of runs, as journals of this and of earlier versions hold them."""

from typing import Any

import pytest

from ml_tracking_ops.orchestrator.store.files.run_refs import (
    RunRef,
    process_of,
    process_ref,
    ref_in,
)


@pytest.mark.parametrize("identity", ["boot:17", None])
def test_process_is_found_again_from_its_reference(identity: str | None) -> None:
    ref = process_ref(4711, identity)
    assert ref.label == "process 4711"
    assert ref_in({"ref": ref.as_event()}) == ref
    assert process_of(ref) == (4711, identity)


def test_journal_of_an_earlier_version_names_a_process() -> None:
    assert ref_in({"pid": 8, "process_identity": "boot:1"}) == process_ref(8, "boot:1")
    assert ref_in({}) is None


@pytest.mark.parametrize("number", ["", "x", "-1", "²", "9" * 5000])
def test_reference_without_a_process_number_is_no_process(number: str) -> None:
    assert process_of(RunRef("local", number, "process")) is None


def test_run_of_another_engine_has_no_local_process() -> None:
    assert process_of(RunRef("queue", "42", "job 42")) is None


@pytest.mark.parametrize("ref", ["local", ["local"], {"executor": "local", "id": 3, "label": ""}])
def test_reference_of_a_wrong_shape_is_refused(ref: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        ref_in({"ref": ref})
