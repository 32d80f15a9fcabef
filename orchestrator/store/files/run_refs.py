"""The reference to a run in an engine that the journal keeps: enough to find it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import fields

LOCAL = "local"
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class RunRef:
    """A run as its engine knows it.

    Attributes:
        executor: the engine's name.
        id: how the engine finds it. Only the engine knows its meaning.
        label: what people read, such as `process 4711` or `job 42`.
    """

    executor: str
    id: str
    label: str

    def as_event(self) -> dict[str, str]:
        return {"executor": self.executor, "id": self.id, "label": self.label}


def process_ref(pid: int, identity: str | None) -> RunRef:
    """Return a process of this machine. `identity` distinguishes it from a later one with its
    number."""
    return RunRef(LOCAL, f"{pid} {identity or ''}".rstrip(), f"process {pid}")


def process_of(ref: RunRef | None) -> tuple[int, str | None] | None:
    """Return the process number and its identity, or None if the run is no process of a machine of
    ours."""
    if ref is None or ref.executor != LOCAL:
        return None
    pid, _, identity = ref.id.partition(" ")
    is_number = pid.isascii() and pid.isdecimal() and len(pid) <= _MOST_DIGITS
    return (int(pid), identity or None) if is_number else None


def ref_in(event: Mapping[str, Any]) -> RunRef | None:
    """Return the reference in an event of the journal. Earlier versions wrote process numbers.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or of the wrong type.
    """
    ref = event.get("ref")
    if ref is not None:
        return RunRef(
            fields.text(ref["executor"]), fields.text(ref["id"]), fields.text(ref["label"])
        )
    pid = fields.whole_number_or_none(event.get("pid"))
    identity = fields.text_or_none(event.get("process_identity"))
    return None if pid is None else process_ref(pid, identity)
